"""The only room that knows Zuora: operations, verdict, tokens, client."""
