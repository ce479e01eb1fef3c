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
from manifests.read.typed import Typed
from manifests.reading import Reading

__all__ = ["Batch", "Digest", "Reading", "Source", "Typed", "digest", "open_manifest"]
