"""Many tenants in one night, each in a process of its own, so that one never stops another.

```
fleet.toml ─ fleet_file ─▶ Tenant ─ engine (threads | Dask) ─▶ tenant_process (one `regen` each) ─▶ TenantResult
                                                                                    fleet.json, fleet.html ◀─┘
```
"""
