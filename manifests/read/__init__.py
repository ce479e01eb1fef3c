"""From a file to text frames, in batches.

```
path ─ origin (bytes: gzip, zip, standard input) ─ formats (which?) ─┬─ delimited ─┐
                                                                     ├─ jsonlines ─┤ frames of text ─ source ─▶ Batch
                                                                     ├─ parquet   ─┤
                                                                     └─ workbook  ─┘
```
"""

from manifests.read.manifest import Batch, Source, open_manifest
from manifests.read.raw_file import Digest, digest

__all__ = ["Batch", "Digest", "Source", "digest", "open_manifest"]
