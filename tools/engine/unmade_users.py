"""`python -m tools.engine.unmade_users < places.json`: removes users of the object store that a killed update has made.

A process of its own, as that of a provider: the administrator's key is in its environment alone.
"""

from __future__ import annotations

import json
import sys

from components.object_store.minio.users import MinioUserProvider
from components.object_store.store_client import ObjectStoreError


def main() -> int:
    """Remove each and print its access key; a user of another owner stays. Returns 1 with one line of error."""
    for place in json.load(sys.stdin):
        try:
            MinioUserProvider().delete(place["accessKey"], place)
        except ObjectStoreError as error:
            print(error, file=sys.stderr)
            return 1
        print(place["accessKey"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
