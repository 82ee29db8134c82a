"""The vendors, each behind a protocol of ``foundation``; the only place that imports them."""
