"""File formats in and out: tables of the catalog as CSV, and as XLSX where openpyxl is installed."""
