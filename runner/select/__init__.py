"""A manifest made from the tenant by Data Query.

```
type, filters ─▶ SQL in windows of updateddate ─▶ extract ─▶ rows that can have a transaction ─▶ manifest + sidecar
watermark of the name ─▶ since                              └─▶ refused, counted by reason          └─▶ pending window
runs that confirmed pending windows ─▶ watermark moves
```
"""
