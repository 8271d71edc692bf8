"""How two versions of data differ: computed once as a value, from which every output is rendered."""
