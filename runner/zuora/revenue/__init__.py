"""Zuora Revenue's own REST API, for looking only: tokens of its own, the errors of staging, and BI views."""
