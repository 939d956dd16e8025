"""Logistic regression by L-BFGS, in SciPy."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Vector = NDArray[np.float64]


def fit_logistic(
    inputs: csr_matrix, *, labels: Vector, weights: Vector, penalty: float, n_steps: int = 60
) -> tuple[Vector, float]:
    """Return the weights and the bias that explain the labels.

    Parameters
    ----------
    inputs : sparse matrix, shape (n_rows, n_features)
    labels : ndarray, shape (n_rows,), 0 or 1
    weights : ndarray, shape (n_rows,), what each row counts, > 0
    penalty : weight of the squared length of the solution, beside rows that count 1 on average
    """
    signed = 2.0 * labels - 1.0
    counts = weights / weights.mean()
    turned = inputs.T.tocsr()

    def measure(solution: Vector) -> tuple[float, Vector]:
        margins = signed * (inputs @ solution[:-1] + solution[-1])
        loss = (counts * np.logaddexp(0.0, -margins)).sum()
        pull = -counts * signed / (1.0 + np.exp(np.minimum(margins, 50.0)))
        slope = np.append(turned @ pull + penalty * solution[:-1], pull.sum())
        return loss + 0.5 * penalty * (solution[:-1] ** 2).sum(), slope

    found = minimize(
        measure, np.zeros(inputs.shape[1] + 1), jac=True, method="L-BFGS-B",
        options={"maxiter": n_steps, "maxcor": 10},
    )  # fmt: skip
    return found.x[:-1], float(found.x[-1])
