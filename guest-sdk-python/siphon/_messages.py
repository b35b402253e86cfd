"""What handlers are given and what look-ups return: the engine's own classes, without a wrapper."""

from siphon._bridge import native

Contact = native.Contact
DigestResult = native.DigestResult
Flow = native.Flow
Reply = native.Reply
Request = native.Request
SipUri = native.SipUri

__all__ = ["Contact", "DigestResult", "Flow", "Reply", "Request", "SipUri"]
