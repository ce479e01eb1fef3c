"""The Python API, re-exported by `runner`: the command line's work as functions, in notebooks, threads and tasks.

```
run(files, …) ─ options ─▶ RunRequest, Invocation ─ background (a thread of its own) ─▶ session ─▶ Run
```
"""
