"""The known answers of every algorithm: the first 16 bytes of SHA-256 over what ``known_answers`` computes, as hex.

``python -m native_host.selftest.answers`` prints them anew; an answer changes only when the procedure does, and then the
published vectors have to pass on the same program.
"""

from __future__ import annotations

from base64 import b64decode

# An RSA key of 2048 bits (RSAPrivateKey, RFC 8017 section A.1.2) that protects nothing.
RSA_SECRET = b64decode(
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
    "ES256": "cc36ae0ab98b87750745eb5918ccb654",
    "X25519": "344d1ad13192a5b46641534e4a2f3c49",
}
