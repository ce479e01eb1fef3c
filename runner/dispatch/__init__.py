"""When and whether to send. Knows no Zuora header or category."""
