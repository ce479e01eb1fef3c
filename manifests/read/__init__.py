"""From a file to text frames, in batches.

```
path ─ origin (bytes: gzip, zip, standard input) ─ formats (which?) ─┬─ delimited ─┐
                                                                     ├─ jsonlines ─┤ frames of text ─ source ─▶ Batch
                                                                     ├─ parquet   ─┤
                                                                     └─ workbook  ─┘
```
"""

from manifests.read.origin import Digest, digest
from manifests.read.source import Batch, Source, open_manifest

__all__ = ["Batch", "Digest", "Source", "digest", "open_manifest"]
