"""The unified address base (统一地址库): how an address is read, held, found and merged."""

from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.parsed import PARSED_COLUMNS, Component, ParsedAddress, Relation

__all__ = ["PARSED_COLUMNS", "AddressBook", "Component", "Level", "ParsedAddress", "Relation"]
