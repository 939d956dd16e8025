FROM python:3.11-slim-bookworm
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libchromaprint1 fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --system cleartone && install -d -o cleartone /data
USER cleartone
ENV DATA_DIR=/data OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
EXPOSE 8000
