"""What people decide on addresses (合并、拆分、更正、撤销): each with its author, and each can be undone."""

from twin.addresses.decisions.corrections import correct
from twin.addresses.decisions.decided import Decided
from twin.addresses.decisions.merges import merge, reject
from twin.addresses.decisions.splits import split
from twin.addresses.decisions.undoing import undo
from twin.addresses.rulings import rulings_of

__all__ = ["Decided", "correct", "merge", "reject", "rulings_of", "split", "undo"]
