"""Reading a cluster, through a server that is made up and a kubectl that is one."""
