"""What is not as declared, told whole: cluster, object store and servers of one stack (docs/adr/0052)."""
