"""Chains of Ethereum's kind, their coins, and tokens that are widely used on them: what numbers are called. Data.

A chain or a token that is not listed is said to be unknown. Nothing is looked up anywhere: a list that came over the network could be
whoever's. Chain ids are those of ethereum-lists/chains, EIP-155; addresses of tokens are their issuers'.
"""

from __future__ import annotations

from native_host.language import say, words
from native_host.value import Value

COIN_DECIMALS = 18
"""Of every coin that JSON-RPC counts in wei."""

OWN_COIN = "of this chain's own coin"


class Chain(Value, frozen=True, kw_only=True):
    """``dear``: in whole coins, a fee that nobody pays for an ordinary transaction. ``l1_fee``: a further fee is taken for the data's way
    to another chain, which no member of the transaction bounds; Celo is of the kind that can take one, and takes none by its own specification.
    ``test``: its coins have no value.
    """

    name: str
    coin: str
    dear: int = 1
    l1_fee: bool = False
    test: bool = False


class Token(Value, frozen=True, kw_only=True):
    symbol: str
    decimals: int


CHAINS = {
    1: Chain(name="Ethereum", coin="ETH"),
    10: Chain(name="OP Mainnet", coin="ETH", l1_fee=True),
    14: Chain(name="Flare", coin="FLR", dear=10_000),
    25: Chain(name="Cronos", coin="CRO", dear=10_000),
    56: Chain(name="BNB Smart Chain", coin="BNB"),
    100: Chain(name="Gnosis", coin="xDAI", dear=100),
    130: Chain(name="Unichain", coin="ETH", l1_fee=True),
    137: Chain(name="Polygon", coin="POL", dear=1_000),
    146: Chain(name="Sonic", coin="S", dear=1_000),
    250: Chain(name="Fantom", coin="FTM", dear=1_000),
    324: Chain(name="ZKsync Era", coin="ETH"),
    480: Chain(name="World Chain", coin="ETH", l1_fee=True),
    1101: Chain(name="Polygon zkEVM", coin="ETH"),
    1284: Chain(name="Moonbeam", coin="GLMR", dear=1_000),
    5000: Chain(name="Mantle", coin="MNT", dear=1_000),
    8453: Chain(name="Base", coin="ETH", l1_fee=True),
    42161: Chain(name="Arbitrum One", coin="ETH"),
    42170: Chain(name="Arbitrum Nova", coin="ETH"),
    42220: Chain(name="Celo", coin="CELO", dear=1_000),
    43114: Chain(name="Avalanche C-Chain", coin="AVAX", dear=50),
    59144: Chain(name="Linea", coin="ETH"),
    81457: Chain(name="Blast", coin="ETH", l1_fee=True),
    534352: Chain(name="Scroll", coin="ETH", l1_fee=True),
    7777777: Chain(name="Zora", coin="ETH", l1_fee=True),
    97: Chain(name="BNB Smart Chain Testnet", coin="tBNB", test=True),
    300: Chain(name="ZKsync Sepolia", coin="ETH", test=True),
    10200: Chain(name="Gnosis Chiado", coin="xDAI", test=True),
    17000: Chain(name="Holesky", coin="ETH", test=True),
    43113: Chain(name="Avalanche Fuji", coin="AVAX", test=True),
    59141: Chain(name="Linea Sepolia", coin="ETH", test=True),
    80002: Chain(name="Polygon Amoy", coin="POL", test=True),
    84532: Chain(name="Base Sepolia", coin="ETH", l1_fee=True, test=True),
    421614: Chain(name="Arbitrum Sepolia", coin="ETH", test=True),
    534351: Chain(name="Scroll Sepolia", coin="ETH", l1_fee=True, test=True),
    560048: Chain(name="Hoodi", coin="ETH", test=True),
    11155111: Chain(name="Sepolia", coin="ETH", test=True),
    11155420: Chain(name="OP Sepolia", coin="ETH", l1_fee=True, test=True),
    1337: Chain(name="Local development chain", coin="ETH", test=True),
    31337: Chain(name="Local development chain", coin="ETH", test=True),
}

_TOKENS = {
    1: {
        "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48": ("USDC", 6),
        "0xdAC17F958D2ee523a2206206994597C13D831ec7": ("USDT", 6),
        "0x6B175474E89094C44Da98b954EedeAC495271d0F": ("DAI", 18),
        "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2": ("WETH", 18),
        "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599": ("WBTC", 8),
        "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84": ("stETH", 18),
        "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0": ("wstETH", 18),
        "0x514910771AF9Ca656af840dff83E8264EcF986CA": ("LINK", 18),
        "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984": ("UNI", 18),
    },
    10: {
        "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85": ("USDC", 6),
        "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58": ("USDT", 6),
        "0x4200000000000000000000000000000000000006": ("WETH", 18),
    },
    56: {
        "0x55d398326f99059fF775485246999027B3197955": ("USDT (Binance-Peg)", 18),
        "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d": ("USDC (Binance-Peg)", 18),
        "0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c": ("WBNB", 18),
    },
    100: {"0xe91D153E0b41518A2Ce8Dd3D7944Fa863463a97d": ("WXDAI", 18)},
    137: {
        "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359": ("USDC", 6),
        "0xc2132D05D31c914a87C6611C10748AEb04B58e8F": ("USDT", 6),
        "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270": ("WPOL", 18),
    },
    8453: {
        "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913": ("USDC", 6),
        "0x4200000000000000000000000000000000000006": ("WETH", 18),
    },
    42161: {
        "0xaf88d065e77c8cC2239327C5EDb3A432268e5831": ("USDC", 6),
        "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9": ("USDT", 6),
        "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1": ("WETH", 18),
    },
    43114: {
        "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E": ("USDC", 6),
        "0xB31f66AA3C1e785363F0875A1B74E27b85FD66c7": ("WAVAX", 18),
    },
    11155111: {"0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238": ("USDC", 6)},
}
TOKENS = {
    (chain_id, bytes.fromhex(address[2:])): Token(symbol=symbol, decimals=decimals)
    for chain_id, tokens in _TOKENS.items()
    for address, (symbol, decimals) in tokens.items()
}
"""By chain id and address."""

PERMIT2 = bytes.fromhex("000000000022D473030F116dDEE9F6B43aC78BA3")
"""The same on every chain."""


def chain_name(chain_id: int) -> str:
    """A chain by name and number."""
    chain = CHAINS.get(chain_id)
    name = "" if chain is None else words(chain.name)
    return say("Unknown chain, number {number}" if chain is None else "{name}, number {number}", name=name, number=chain_id)


def decimal(units: int, decimals: int) -> str:
    """A number of smallest units as a number of whole ones, exactly."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") if part else str(whole)


def coins(units: int, chain_id: int) -> str:
    """An amount of wei in the chain's coin."""
    chain = CHAINS.get(chain_id)
    return f"{decimal(units, COIN_DECIMALS)} {chain.coin if chain else words(OWN_COIN)}"


def coins_and_wei(units: int, chain_id: int) -> str:
    """An amount in coins and, as it stands in the transaction, in wei."""
    return f"{coins(units, chain_id)} ({units} wei)" if units else coins(units, chain_id)
