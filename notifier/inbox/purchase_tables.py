"""Rows of purchases: what is known of each, and the names by which its stages find it."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from storage.database import UtcDateTime


class Purchase(SQLModel, table=True):
    """A purchase as far as it has come; `facts` are sealed, empty only until its first stage is written."""

    __tablename__ = "purchase"
    __table_args__ = (Index("ix_purchase_begun_at", "begun_at"),)

    id: str = Field(primary_key=True, max_length=26)
    begun_at: datetime = Field(sa_type=UtcDateTime)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)


class PurchaseName(SQLModel, table=True):
    """A transaction id ("trade:…"), or a card and authorisation code ("auth:…"), of a purchase."""

    __tablename__ = "purchase_name"
    __table_args__ = (Index("ix_purchase_name_purchase", "purchase_id"),)

    name: str = Field(primary_key=True, sa_type=Text)
    purchase_id: str = Field(max_length=26)
