"""Data Query: SQL that the tenant answers with a file.

```
parts ─▶ at most 5 jobs at once ─┬─ completed ─▶ file ─▶ checked, put in order ─▶ extract
                                 └─ failed    ─▶ halved, or QueryFailedError with the tenant's reason
```
"""
