"""How source rows become the address base (地址归并): every row finds its address or a reason."""

from twin.addresses.assembly._identity import Rulings, Split
from twin.addresses.assembly.compose import Assembly, Surroundings, TableParser, Unread, assemble, unread_of

__all__ = ["Assembly", "Rulings", "Split", "Surroundings", "TableParser", "Unread", "assemble", "unread_of"]
