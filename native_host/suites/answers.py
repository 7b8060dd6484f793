"""The known answers of every algorithm: the first 16 bytes of SHA-256 over what ``known_answers`` computes, as hex.

``python -m native_host.selftest.answers`` prints them anew; an answer changes only when the procedure does, and then the
published vectors have to pass on the same program.
"""

from __future__ import annotations

from binascii import a2b_base64

# An RSA key of 2048 bits (RSAPrivateKey, RFC 8017 section A.1.2) that protects nothing.
RSA_SECRET = a2b_base64(
    "MIIEowIBAAKCAQEAumPxyPgyiV5SJQzTuhOYT5lKvkHzSRvFa6BcElBLwanEm0HTFNXLJYjcFhqbfMRI2Mj1BZOADf3v+Vcffx9XzuLllBU2q175vp5p7Xm5"
    "N9a9wpYUWyFKM7F6nZ0g/OcwQ3IlkpwSVyn2JLKmh1o6aJggjLxFamZX8RueHuvx+tA+mVFfXpqIpaSIywWsA1UmJb+U1iuwBHbcWfkwd+20tFdhs7cGXDGo"
    "TIWLmbUfYEd+J7peeAu53NztujDRbOUl3JuI+PN9fEi5NoLTeQ9ni9vBnqXBuNMO6Q+dlmIgYq4ki4KsBLyYamT6RSSRbZzDKH6Qyuq/Sbs6E15UDL/OOQID"
    "AQABAoIBAA2HXlf+2uUxX09A43fSvwgNCXmujgbxEPbvRmuOYDdL+CEoSZbOL073xHjGwOExGpQAnxdC5eUuGL5dgmPe3afevHjvgr6017YMJ8ZkwsrAp5ih"
    "fdQBAjKnF84rpuawbaaBmSRPd33T5gGzJWb2570qiJdKfZPb3pd5sJQQPmm81pMzb0Dhl5W7jAY1E52be9a47ETS2DxvyBmENZleTMEgDrmhFB6DId5pPURi"
    "/Ej4eiZZOUGfguRPslzcbX9EeIAsibpmIEcEVo5wdhE0cnB2WyQHgwbFCWMkNgNwGfTHdAkqViI+zspoLvxQ4zQXKnNC99zoQu3PlxN6gucJ3LECgYEA9nk7"
    "m5ZK2g7gsK5WMXbauWJBwxxUSkzq5kUTKbv7NtSQVmYzRQi+zO/0H5xq34KvJgFK7fsVo4rd02Ki/txyNs/pBfAIdJno2phAwyRG179H+G5vQ3KwLrefplQy"
    "nDFp8njPaJIvf9XLRD89VxwqJcNT3iRr8YvwgCINbVFLoZECgYEAwZg13nVocj/e4UtYkTq35mmJNyaUNeRt1B7g3fvhXw+w/L+tb7imshTs37xmdd+IJwZV"
    "ac9ENwl68j7PPOAquVwI4u0oDbMteRB4TCBPrmtH3W38hByE2rUpicYLTafPQTx9OozBof1/YVQuECyMwsnQvjbYeKqgFtxGkXF9DikCgYEA31obPzIh4JsM"
    "2G8Tor1/FfHJgELiy3YKg+NiqzYzP4u+xNzWZx+2r8Zepmq7mpI1oC4ZtbEL+ej0fgNri6M/SRZ9pyjOsMNsdPL19SChpg8r7CA/aZK7v4oc/cBdIJfS16zM"
    "34lhy+l0ywK31oGqXBA2px7ARuK2bZbuLfs2m1ECgYBoRDNXMgLj7bR7wNndtjNPvK1zb6rJb9MbONpBlKRoT4oyRoYBswDMzupZAh5pA9BPvGCKUWBbCBcY"
    "m22ASveXx5LdrX8yCbvHBXDVB14DAbK99rvW54lCReouUuTJmUTNzOdhfmfXeDF/2RfKDERvsMRlfiKOss7wIQk80lPZKQKBgE6yksAGi+TuZ9j2g+KGJW4p"
    "QsCWODzb3PqFUeTlpwzlgW+RbROjiGsK3zBi2EIlNhp0IjnLRIAX2/Fr7jb/h4F9tNErq8ZhNK3zkvMrVl86WiIsMTPGoofLcS/757GqfX1BxqxhGLfzdXG5"
    "x1uTVPi6XyTxdM4zMtK3+sDTPJAQ"
)

ANSWERS: dict[str, str] = {
    "ES256K": "04d843f7f72eeec4aaa778d8ad3ba652",
    "ES256K-R": "ca54e3d98afedcfdc1a53173b03f73a7",
    "BIP340": "154a19de36398a164a5bbb1b70129ff7",
    "Ed25519": "0b5f6bf8d056ab4aa86365836fc9d2db",
    "Ed25519-BIP32": "168ee8a9eff547d24a9e33b23338667d",
    "Ed448": "200868337da443815c50a15a047a9b1b",
    "ES224": "96d6ae3f0d3672906360de9f1fb6d3e7",
    "ES256": "cc36ae0ab98b87750745eb5918ccb654",
    "ES384": "bc474f1aa57984a4a29c8bb405f8cc97",
    "ES512": "70c4e788794362bb03e868ebe6cf30a7",
    "RS256": "7dbc6060e4293143fdf01eea46275089",
    "RS384": "d3367a139e40dfd8849e06ec7095df95",
    "RS512": "2f28f9c35356ebfe80eabaa5f248761a",
    "PS256": "cf3a7ce032e02e93225e91fc3eb2efa5",
    "PS384": "cf3a7ce032e02e93225e91fc3eb2efa5",
    "PS512": "cf3a7ce032e02e93225e91fc3eb2efa5",
    "BLS12381G2": "7947040acb673ba55921f7492702c5e7",
    "sr25519": "ec2273992c21a923c070b62814881c61",
    "ML-DSA-44": "c7e975f1fe827a1baaaf3a67dcef1a9a",
    "ML-DSA-65": "c08f53a1d29ba1337c466b38f909d9f4",
    "ML-DSA-87": "c28f0dbe808ccbdaea73152872a013e7",
    "HS256": "69f784624ac7666dc0b376ebbd783adb",
    "HS384": "5dd9518e388b41d0ae55323cd41de273",
    "HS512": "6bcc34605318002255c5953199273e75",
    "A128GCM": "3cd8ffaa64e8110adc20caaaccb868d0",
    "A192GCM": "d338e9840248da95e6bab5db47585609",
    "A256GCM": "cda3c2155ae689add28b3a787d487d2f",
    "A128CBC": "44b5a13fba90de8434cb5f685bbf2410",
    "A192CBC": "cd20d8e954884431be3d549936b64b60",
    "A256CBC": "79837fab61247dc735deeb6773b5cba2",
    "A128CTR": "05b9651d08ae8c30f5ca231f4fdd6606",
    "A192CTR": "ad60824f77319b1cc01a7c85410001a8",
    "A256CTR": "0239409b923cf284e33aa862a9be6303",
    "A128ECB": "d20c16d96c66d8aa55207129977be180",
    "A192ECB": "9865889794564a2f6abc3abff7debf5a",
    "A256ECB": "16ee1762a5f0164ec81c24948575cf8a",
    "C20P": "16a31cd194257d0a172ce8bb0aabbe33",
    "XC20P": "489e1de62a40b9d4b732515a387b6a87",
    "A128KW": "8a03c8e2309c665d9f93c742856278e9",
    "A192KW": "3a62d4de4bdcb4970f318d6a4a310596",
    "A256KW": "bc9132fac0600ca29261cde15b4d2ce4",
    "RSA-OAEP": "cf3a7ce032e02e93225e91fc3eb2efa5",
    "RSA-OAEP-256": "cf3a7ce032e02e93225e91fc3eb2efa5",
    "X25519": "c09c0c25fda2ae7b383ac0375ab82b98",
    "X448": "b24ef8a6a21af88307d28c8b8ad64f56",
    "ECDH-P256": "021c33d4b39f75ef5256e2a67149739e",
    "ECDH-P384": "d2e429c73fe2a485aacb01c9c8a26cbf",
    "ECDH-P521": "9ceb7ffc2152932390480bf22149f232",
    "ML-KEM-768": "980bb2df63e2dfcedc8cf37392e13a9f",
    "ML-KEM-1024": "47ea3a7b97ff16d0a4c9cb446af843d1",
    "HPKE-0": "2e4d1dcdc4b2dd18c2182cec31fd530a",
    "HPKE-3": "0c44210878cb0935660e793ef9690639",
    "HPKE-4": "0c44210878cb0935660e793ef9690639",
    "HPKE-7": "2e4d1dcdc4b2dd18c2182cec31fd530a",
    "HPKE-9": "a59ba4afa0293a7c5276b75210b45249",
}
