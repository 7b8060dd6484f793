"""Instructions of Solana's programs that Strongroom knows how to put in words: data.

The layouts are those of the programs' own interfaces: System, Stake and Address Lookup Table (bincode: little-endian, the instruction's
number in four bytes), SPL Token and Token-2022, Associated Token Account and Memo (the number in one byte). Compute Budget is read in
``solana_fees``. What is not here is said to be unknown.

In a row, ``accounts`` are names in the instruction's order: ``=`` before one that must be the address that ``FIXED`` has under it and is not
shown, ``~`` before one such that newer clients leave out, ``?`` before one that may be missing. ``fields`` are names with their kinds, see ``solana_instructions``; the kind ``=1`` is that byte.
"""

from __future__ import annotations

from native_host.encodings.base58 import decode_base58
from native_host.value import Value

SYSTEM = bytes(32)
TOKEN = decode_base58("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = decode_base58("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED = decode_base58("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
COMPUTE_BUDGET = decode_base58("ComputeBudget111111111111111111111111111111")
MEMO, OLD_MEMO = decode_base58("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"), decode_base58("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
STAKE = decode_base58("Stake11111111111111111111111111111111111111")
LOOKUP_TABLE = decode_base58("AddressLookupTab1e1111111111111111111111111")

NAMES = {
    SYSTEM: "System program",
    TOKEN: "SPL Token",
    TOKEN_2022: "SPL Token-2022",
    ASSOCIATED: "Associated Token Account",
    COMPUTE_BUDGET: "Compute Budget",
    MEMO: "Memo",
    OLD_MEMO: "Memo (version 1)",
    STAKE: "Stake program",
    LOOKUP_TABLE: "Address Lookup Table program",
}
FIXED = {
    "rent": decode_base58("SysvarRent111111111111111111111111111111111"),
    "clock": decode_base58("SysvarC1ock11111111111111111111111111111111"),
    "blockhashes": decode_base58("SysvarRecentB1ockHashes11111111111111111111"),
    "history": decode_base58("SysvarStakeHistory1111111111111111111111111"),
    "stake_config": decode_base58("StakeConfig11111111111111111111111111111111"),
    "system": SYSTEM,
}
LABELS = {
    "account": "Account",
    "amount": "Amount",
    "associated": "Token account",
    "authority": "By the authority of",
    "base": "Address is made from",
    "base_account": "Signs for the address",
    "bump": "Bump of the address",
    "custodian": "Who may lift the lock-up",
    "decimals": "Decimals of the new token",
    "delegate": "Who may take the tokens",
    "destination": "What is left goes to",
    "epoch": "Locked until epoch",
    "fee": "Fee of the token, taken off the amount",
    "freeze_authority": "Who may freeze accounts",
    "from": "From",
    "from_owner": "Program that owns it",
    "funder": "Who pays its deposit (of a token account about 0.002 SOL)",
    "into": "Into the stake account",
    "keys": "Addresses to add",
    "kind": "What authority",
    "lamports": "Amount",
    "mint": "Token (address of its mint)",
    "mint_authority": "Who may make more of it",
    "multisig": "Account of several signers",
    "needed": "Signatures needed",
    "new": "New account",
    "new_authority": "New authority",
    "nonce": "Nonce account",
    "old_mint": "Token of the outer account",
    "outer": "Outer token account",
    "owner": "Program that will own it",
    "receiver": "Receives them",
    "seed": "Seed of the address",
    "slot": "Recent slot",
    "space": "Size in bytes",
    "split": "New stake account",
    "stake": "Stake account",
    "staker": "Who may delegate the stake",
    "table": "Lookup table",
    "time": "Locked until",
    "to": "Recipient",
    "to_token": "Recipient's token account",
    "token_account": "Token account",
    "token_from": "From the token account",
    "token_owner": "Whose it will be",
    "token_program": "Token program",
    "vote": "Vote account (the validator)",
    "wallet": "Of the wallet",
    "wallet_authority": "By the authority of the wallet",
    "withdrawer": "Who may withdraw the stake",
}


class Known(Value, frozen=True, kw_only=True):
    """``name`` as the program's interface has it. ``title``: ``{name}`` is a field in short. ``aside``: it goes with others, and is in a
    transaction's title only if it is all that happens.
    """

    name: str
    title: str
    accounts: str = ""
    fields: str = ""
    aside: bool = False


def _k(name: str, title: str, accounts: str = "", fields: str = "", *, aside: bool = False) -> Known:
    return Known(name=name, title=title, accounts=accounts, fields=fields, aside=aside)


_SEEDED = "base:key seed:text"
_SYSTEM_ROWS = {
    0: _k("createAccount", "Create an account with {lamports}", "from new", "lamports:lamports space:u64 owner:key"),
    1: _k("assign", "Hand an account over to a program", "account", "owner:key"),
    2: _k("transfer", "Send {lamports}", "from to", "lamports:lamports"),
    3: _k("createAccountWithSeed", "Create an account with {lamports}", "from new ?base_account", f"{_SEEDED} lamports:lamports space:u64 owner:key"),
    4: _k("advanceNonceAccount", "Use up a durable nonce", "nonce =blockhashes authority", aside=True),
    5: _k("withdrawNonceAccount", "Withdraw {lamports} from a nonce account", "nonce to =blockhashes =rent authority", "lamports:lamports"),
    6: _k("initializeNonceAccount", "Set up a nonce account", "nonce =blockhashes =rent", "new_authority:key"),
    7: _k("authorizeNonceAccount", "Hand over a nonce account", "nonce authority", "new_authority:key"),
    8: _k("allocate", "Give an account room for data", "account", "space:u64"),
    9: _k("allocateWithSeed", "Give an account room for data", "account base_account", f"{_SEEDED} space:u64 owner:key"),
    10: _k("assignWithSeed", "Hand an account over to a program", "account base_account", f"{_SEEDED} owner:key"),
    11: _k("transferWithSeed", "Send {lamports}", "from base_account to", "lamports:lamports seed:text from_owner:key"),
    12: _k("upgradeNonceAccount", "Renew a nonce account", "nonce"),
}  # fmt: skip
_CHECKED = "amount:units decimals:decimals"
_TOKEN_ROWS = {
    0: _k("initializeMint", "Set up a new token", "mint =rent", "decimals:u8 mint_authority:key freeze_authority:option"),
    1: _k("initializeAccount", "Set up a token account", "token_account mint token_owner =rent"),
    2: _k("initializeMultisig", "Set up an account of several signers", "multisig =rent", "needed:u8"),
    3: _k("transfer", "Send {amount}", "token_from to_token authority", "amount:units"),
    4: _k("approve", "Let another take up to {amount}", "token_from delegate authority", "amount:units"),
    5: _k("revoke", "End what another may take", "token_from authority"),
    6: _k("setAuthority", "Hand over an authority", "account authority", "kind:authority new_authority:option"),
    7: _k("mintTo", "Make {amount}", "mint to_token authority", "amount:units"),
    8: _k("burn", "Destroy {amount}", "token_from mint authority", "amount:units"),
    9: _k("closeAccount", "Close a token account", "token_account destination authority"),
    10: _k("freezeAccount", "Freeze a token account", "token_account mint authority"),
    11: _k("thawAccount", "Unfreeze a token account", "token_account mint authority"),
    12: _k("transferChecked", "Send {amount}", "token_from mint to_token authority", _CHECKED),
    13: _k("approveChecked", "Let another take up to {amount}", "token_from mint delegate authority", _CHECKED),
    14: _k("mintToChecked", "Make {amount}", "mint to_token authority", _CHECKED),
    15: _k("burnChecked", "Destroy {amount}", "token_from mint authority", _CHECKED),
    16: _k("initializeAccount2", "Set up a token account", "token_account mint =rent", "token_owner:key"),
    17: _k("syncNative", "Count wrapped SOL anew", "token_account", aside=True),
    18: _k("initializeAccount3", "Set up a token account", "token_account mint", "token_owner:key"),
    19: _k("initializeMultisig2", "Set up an account of several signers", "multisig", "needed:u8"),
    20: _k("initializeMint2", "Set up a new token", "mint", "decimals:u8 mint_authority:key freeze_authority:option"),
    22: _k("initializeImmutableOwner", "Set up a token account", "token_account", aside=True),
}  # fmt: skip
_ASSOCIATED_ROWS = {
    0: _k("create", "Create a token account", "funder associated wallet mint =system token_program ?=rent", aside=True),
    1: _k("createIdempotent", "Create a token account, unless it is there", "funder associated wallet mint =system token_program ?=rent", aside=True),
    2: _k("recoverNested", "Take tokens out of a token account within another", "associated mint receiver outer old_mint wallet token_program"),
}  # fmt: skip
_STAKE_ROWS = {
    0: _k("initialize", "Set up a stake account", "stake ~rent", "staker:key withdrawer:key time:time epoch:u64 custodian:key"),
    1: _k("authorize", "Hand over a stake account", "stake ~clock authority ?custodian", "new_authority:key kind:stake_authority"),
    2: _k("delegateStake", "Stake with a validator", "stake vote ~clock ~history ~stake_config authority"),
    3: _k("split", "Split {lamports} off a stake account", "stake split authority", "lamports:lamports"),
    4: _k("withdraw", "Withdraw {lamports} from a stake account", "stake to ~clock ~history authority ?custodian", "lamports:lamports"),
    5: _k("deactivate", "End the staking of an account", "stake ~clock authority"),
    7: _k("merge", "Merge two stake accounts", "into stake ~clock ~history authority"),
    9: _k("initializeChecked", "Set up a stake account", "stake ~rent staker withdrawer"),
    10: _k("authorizeChecked", "Hand over a stake account", "stake ~clock authority new_authority ?custodian", "kind:stake_authority"),
    16: _k("moveStake", "Move {lamports} of stake", "stake into authority", "lamports:lamports"),
    17: _k("moveLamports", "Move {lamports} of a stake account", "stake into authority", "lamports:lamports"),
}  # fmt: skip
_TABLE_ROWS = {
    0: _k("createLookupTable", "Create a lookup table", "table authority funder =system", "slot:u64 bump:u8"),
    1: _k("freezeLookupTable", "Freeze a lookup table for good", "table authority"),
    2: _k("extendLookupTable", "Add addresses to a lookup table", "table authority ?funder ?=system", "keys:keys"),
    3: _k("deactivateLookupTable", "End a lookup table", "table authority"),
    4: _k("closeLookupTable", "Close a lookup table", "table authority destination"),
}  # fmt: skip

_TOKEN_2022_ROWS = {
    **_TOKEN_ROWS,
    26: _k("transferCheckedWithFee", "Send {amount}", "token_from mint to_token authority", f"part:=1 {_CHECKED} fee:units"),
}  # fmt: skip

ROWS: dict[bytes, tuple[int, dict[int, Known]]] = {
    SYSTEM: (4, _SYSTEM_ROWS),
    TOKEN: (1, _TOKEN_ROWS),
    TOKEN_2022: (1, _TOKEN_2022_ROWS),
    ASSOCIATED: (1, _ASSOCIATED_ROWS),
    STAKE: (4, _STAKE_ROWS),
    LOOKUP_TABLE: (4, _TABLE_ROWS),
}
"""By program: how many bytes the instruction's number has, and the rows by it."""
