"""Every sentence that the window and the terminal say, in one place.

They stand here in English. At the end they are put into the language that the host has put into the environment, before any other module
takes one from here. Braces are filled with ``str.format``. What comes from a caller is made visible first (``native_host.review.text``).
"""

from __future__ import annotations

import os
from typing import Final

from native_host.approval.addresses import Outcome
from native_host.approval.codes import Problem as CodeProblem
from native_host.approval.strength import Strength
from native_host.approval.words import Problem
from native_host.language import VARIABLE, letter, use, words
from native_host.protocol.approver import SecretPurpose

PRODUCT: Final = "Strongroom"
HOME: Final = "This keystore lives in an unusual place: {home}"
BEHIND_ONE: Final = "1 more request waits behind this one"
BEHIND: Final = "{count} more requests wait behind this one"

# --- reviews ---
WHO_ASKS: Final = "Who asks"
ORIGIN: Final = "Extension"
BROWSER: Final = "Browser"
PROGRAM: Final = "Program"
OWN_PROGRAM: Final = "Strongroom's own command, started in your account"
PAGE: Final = "Web page"
PAGE_CLAIMED: Final = "{page} (the extension says so; Strongroom cannot check it)"
EVIDENCE: Final = "Evidence"
BROWSER_UNKNOWN: Final = "unknown"
MONEY: Final = "What moves, and to whom"
WHAT: Final = "What is asked"
WHAT_ELSE: Final = "What else is in it"
WITH_KEY: Final = "With which key of yours"
KEY: Final = "Key"
METHOD: Final = "Method"
WARNING: Final = "Warning"
WARNED_ONE: Final = "There is a warning. Read it before you decide."
WARNED: Final = "There are {count} warnings. Read them before you decide."
SEVERAL_ADDRESSES: Final = "Addresses: {parties}. Read every one of them below."
SEVERAL: Final = "Amounts: {amounts}. Addresses: {parties}. Read every one of them below."
OFTEN: Final = "You have refused this extension {count} times within minutes. After {most} Strongroom refuses it by itself for a while, without a window."
LAST_OF_MANY: Final = (
    "You have refused this extension {count} times within minutes. If you refuse once more, Strongroom refuses it by itself for a while,"
    " without a window, and for longer each time that it goes on."
)
EMPTY: Final = "(empty)"
NO_LABEL: Final = "(no name)"
TITLE_GOES_ON: Final = "{beginning}… (whole below)"
RAW: Final = "Raw data"
RAW_PART: Final = "{label}: {size}"
RAW_CHARACTERS: Final = "{count} characters"
RAW_LINES: Final = "{count} lines"
RAW_SHOW: Final = "Show raw data"
RAW_HIDE: Final = "Hide raw data"
HOW_LONG: Final = "If you approve"
ONLY_THIS_TIME: Final = "Only this time"
APPROVE: Final = "Approve"
DENY: Final = "Deny"
COMPARE: Final = "Compare this with its owner in a way that you trust, such as a call. Allow only if every character is the same."

NOT_FOCUSED: Final = "Click this window first"
SCROLL_TO_END: Final = "Scroll to the end to approve"
TYPE_FIRST: Final = "Type what is asked for above"
COMPARING: Final = "Go back to the request to approve"
ARMING: Final = "Approve is ready in {seconds:.1f} s"
READY: Final = "Ready. Read before you approve"
TIME_LEFT: Final = "Denied by itself in {minutes}:{seconds:02}"
REVIEW_KEYS: Final = "Tab moves · Space presses · Page Down scrolls · Esc denies"

ACCELERATORS: Final = {"approve": "a", "deny": "d", "compare": "c", "raw": "r", "back": "b", "copy": "y"}
"""With Alt, a letter of the button's own text. Alt with Approve's moves there; it never presses."""

# --- an amount to be typed ---
TYPED_WRONG: Final = "Not yet the same. Type it as it stands above, without spaces between."
TYPED_RIGHT: Final = "The same."
TYPED_NOT_PASTED: Final = "Pasting is off here: whoever types the amount has read it."

# --- comparing an address ---
COMPARE_ADDRESS: Final = "Compare address"
COMPARE_TITLE: Final = "Is it the address that you expect?"
COMPARE_ADVICE: Final = (
    "Paste or type the address as you have it from somewhere else: your other device, a letter, a message from whoever gets it. Not from the"
    " page that asks."
)
COMPARE_FIELD: Final = "The address that you expect"
COMPARE_YOURS: Final = "Yours"
COMPARE_HERE: Final = "Here"
COMPARE_BACK: Final = "Back to the request"
COMPARE_COPY: Final = "Copy the address"
COMPARE_COPIED: Final = "Copied, without spaces: {label}"
COMPARE_KEYS: Final = "Tab moves · Space presses · Esc goes back"
COMPARED: Final[dict[Outcome, str]] = {
    "nothing": "Nothing typed yet. Below is: {label}",
    "begun": "The same so far, but not all of it is typed yet: {label}",
    "same": "THE SAME. Every character is that of: {label}",
    "case": "THE SAME address: {label}. Only capital and small letters differ, first in group {place}, which changes nothing here.",
    "different": "NOT THE SAME. Group {place} is the first that differs. You have {yours}, the request has {here}: {label}",
}
COMPARED_OTHER: Final = "Beware: that is not “{label}”, which is another address. Make sure that you compare what you mean."
COMPARED_NO_GROUP: Final = "nothing"

# --- pairing ---
PAIR_COMPARE: Final = (
    "Compare this with the code in your browser. If they are not the same, somebody is between the two: refuse. If your browser shows no code,"
    " refuse as well."
)
PAIR_SAME: Final = "They are the same"
PAIR_DIFFER: Final = "They differ"
PAIR_ARMING: Final = "Compare every digit. Ready in {seconds:.1f} s"
PAIR_READY: Final = "Compare every digit"

# --- asking for secrets ---
CANCEL: Final = "Cancel"
CONTINUE: Final = "Continue"
UNLOCK: Final = "Unlock"
SET_PASSPHRASE: Final = "Set passphrase"
SHOW_TYPED: Final = "Show what I type"
HIDE_TYPED: Final = "Hide what I type"
CAPS_LOCK: Final = "Caps Lock is on"
ONLY_HERE: Final = "Type this only in this window. It never goes to the browser."
FORM_KEYS: Final = "Tab moves · Enter continues · Esc cancels"
CLOSED_IN: Final = "Cancelled by itself in {minutes}:{seconds:02}"

PURPOSE_LABELS: Final[dict[SecretPurpose, str]] = {
    "unlock": "Passphrase",
    "newPassphrase": "New passphrase",
    "mnemonic": "Recovery words",
    "bip39Passphrase": "Extra passphrase of the recovery words (BIP39)",
    "pin": "PIN",
    "keyFile": "Key file",
    "keyFilePassword": "Password of the key file",
    "newPin": "New PIN",
    "recoveryCode": "Recovery code",
    "share": "Share",
    "backup": "Passphrase of the backup",
}
AGAIN: Final = "The same once more"
PASSPHRASE_ADVICE: Final = (
    "Five or more words picked at random are easy to remember and hard to guess. Nobody can reset this passphrase for you."
)
TOO_SHORT: Final = "At least {count} characters"
DIFFERENT: Final = "The two are not the same"
STRENGTHS: Final[dict[Strength, str]] = {
    "tooShort": "too short",
    "weak": "weak: a program guesses it soon",
    "fair": "fair: add a word or two",
    "good": "good",
    "strong": "strong",
}
STRENGTH: Final = "Strength: {strength}"
SET_PIN: Final = "Set PIN"
PIN_ADVICE: Final = "Letters are allowed as well. The device locks itself after a few wrong PINs, so choose one that you will not forget."
BACKUP_ADVICE: Final = "The one that was chosen when the backup was made, not the passphrase of Strongroom."
BIP39_ADVICE: Final = "Only if these recovery words were made with an extra passphrase. Otherwise leave it empty."

# --- key files ---
FILE_ADVICE: Final = (
    "Choose the file, if you have it as one: what is pasted has been in the clipboard, where other programs read it. Only Strongroom gets it;"
    " it never goes to the browser."
)
FILE_CHOOSE: Final = "Choose a file…"
FILE_PASTE: Final = "Or paste the text of the key file here"
FILE_SIZE: Final = "{count} characters"
FILE_KEYS: Final = "Tab moves · Space presses · Esc cancels"
FILE_UNREADABLE: Final = "This file cannot be read. Is it there, and yours?"
FILE_TOO_LONG: Final = "This is too long for a key file. Choose the file that holds the key alone."
FILE_NO_TEXT: Final = "This file is not text. Choose a key file."
FILE_EMPTY: Final = "This file is empty."
FILE_PASSWORD_ADVICE: Final = "The one that was chosen when the file was made, not the passphrase of Strongroom."

# --- recovery words ---
WORDS_ADVICE: Final = "Type the words in their order, with a space between. Upper and lower case do not matter."
WORDS_COUNT: Final = "{count} words"
WORDS_COUNT_ONE: Final = "1 word"
WORD_UNKNOWN: Final = "not on the list"
WORD_KNOWN: Final = "on the list"
WORD_PROBLEMS: Final[dict[Problem, str]] = {
    "none": "all on the list, checksum right",
    "empty": "No words yet",
    "unknown": "not on the list: {places}",
    "count": "there must be 12, 15, 18, 21 or 24",
    "checksum": "all on the list, but the checksum is wrong: a word is wrong, or two have changed places",
}
SHOW_ADVICE: Final = (
    "Write them on paper, in this order. Take no photograph and no screenshot, and store them in no file.",
    "Who has these words has the keys. Nobody from Strongroom will ever ask you for them.",
)
SHOW: Final = "Show the words"
HIDE: Final = "Hide the words"
HIDDEN: Final = "••••••"
WRITTEN_DOWN: Final = "I have written them down"
SHOW_FIRST: Final = "Press Show when nobody looks over your shoulder"
WORDS_SHOWN: Final = "Check each word against your paper"
SHOW_KEYS: Final = "Tab moves · Space presses · Esc cancels"

# --- shares of a secret ---
SHARE_ADVICE: Final = "Type the words in their order, with a space between. The first four letters of a word are enough."
SHARE_PROBLEMS: Final[dict[Problem, str]] = {
    "none": "all on the list",
    "empty": "No words yet",
    "unknown": "not on the list: {places}",
    "count": "a share has at most 33",
    "checksum": "all on the list, but the checksum is wrong: a word is wrong or missing, or two have changed places",
}
SHARE_COMPLETE: Final = "all on the list, checksum right"
SHARE_SHOW_ADVICE: Final = (
    "Write this share on paper, in this order. Take no photograph and no screenshot, and store it in no file.",
    "Keep each share in another place. One share alone tells nothing; enough of them together give everything.",
)

# --- recovery codes ---
CODE_ADVICE: Final = "Type the seven groups of four from your paper. Upper and lower case, spaces and hyphens do not matter."
CODE_PROBLEMS: Final[dict[CodeProblem, str]] = {
    "none": "28 characters, checksum right",
    "empty": "Nothing typed yet",
    "character": "Group {places} has a character that no recovery code has",
    "count": "{count} of 28 characters",
    "checksum": "28 characters, but the checksum is wrong: compare each group with your paper",
}
CODE_SHOW_ADVICE: Final = (
    "Write it down on paper. It opens your keystore on any computer, without anything else.",
    "Take no photograph and no screenshot, and store it in no file. Who has this code and your keystore has the keys.",
    "It has no letters I, L, O and U: what looks like 0 or 1 is a digit.",
)
CODE_SHOW: Final = "Show the code"
CODE_HIDE: Final = "Hide the code"
CODE_HIDDEN: Final = "••••"
CODE_WRITTEN_DOWN: Final = "I have written it down"
CODE_SHOWN: Final = "Check each group against your paper"

# --- terminal ---
T_BEGIN: Final = "Strongroom asks: {title}"
T_WARNING: Final = "Warning {number} of {count}: {text}"
T_WARNINGS_AGAIN: Final = "The warnings once more, before you decide:"
T_FACT: Final = "{label}: {value}"
T_BLOCK: Final = "{label}, {count} lines, from here:"
T_BLOCK_END: Final = "End of {label}."
T_GRANT: Final = "To approve with choice {number}, {text}, type: approve {number}"
T_APPROVE: Final = "To approve only this time, type the word approve. Anything else denies. You have {minutes} minutes."
T_COMPARE: Final = "To hold an address against one that you have from elsewhere, type: compare"
T_RAW: Final = "Left out above: {parts}. To have it read, type: data"
T_WHO: Final = "Who asks:"
T_MONEY: Final = "What moves, and to whom:"
T_ELSE: Final = "What else is in it:"
T_KEY: Final = "With which key of yours:"
T_COMPARE_ADVICE: Final = "Type or paste the address that you expect, in one line. Not from the page that asks. An empty line goes back."
T_COMPARE_FIELD: Final = "Expected address: "
T_GROUP_DIFFERS: Final = "Group {place}: you have {yours}, the request has {here}."
T_TYPED_FIELD: Final = "Type it: "
T_TYPED_WRONG: Final = "Not the same. Type it as it stands above, without spaces between. An empty line denies."
T_PROMPT: Final = "Your answer: "
T_ALLOW: Final = "To allow, type the word approve. Anything else denies. You have {minutes} minutes."
T_APPROVED: Final = "Approved."
T_DENIED: Final = "Denied."
T_TIMED_OUT: Final = "No answer in time. Denied."
T_WITHDRAWN: Final = "The request was withdrawn. Nothing was done."
T_HIDDEN: Final = "What you type is not shown. An empty line cancels."
T_HIDDEN_EMPTY_ALLOWED: Final = "What you type is not shown. An empty line means none."
T_SECRET: Final = "{label}: "
T_THANKS: Final = "Thank you."
T_CANCELLED: Final = "Cancelled."
T_FILE_ADVICE: Final = "Type where the key file lies, such as ~/keystore.json. What you type is shown. An empty line cancels."
T_FILE: Final = "File: "
T_WORDS_ADVICE: Final = "Type the recovery words in their order, in one or more lines, and then an empty line. What you type is shown. An empty line first cancels."
T_WORDS: Final = "Words: "
T_WORDS_AGAIN: Final = "{count} typed: {problem}. Type all of them again, or an empty line to cancel."
T_SHOW: Final = "The words come next, one a line. Type the word show when nobody looks over your shoulder. Anything else cancels."
T_WORD: Final = "{number}. {part}"
T_WRITTEN: Final = "Type the word done when you have written them down. The screen is then cleared. Anything else cancels."
T_SHARE_ADVICE: Final = "Type the words in their order, in one or more lines, and then an empty line. The first four letters of a word are enough. What you type is shown. An empty line first cancels."
T_CODE_ADVICE: Final = "Type the recovery code in one line. Upper and lower case, spaces and hyphens do not matter. What you type is shown. An empty line cancels."
T_CODE_TYPED: Final = "Code: "
T_CODE_AGAIN: Final = "This is not a recovery code. {problem}. Type all of it again, or an empty line to cancel."
T_SHOW_CODE: Final = (
    "The code comes next, one group a line. Type the word show when nobody looks over your shoulder. Anything else cancels."
)
T_GROUP: Final = "Group {number}: {part}"
T_WRITTEN_CODE: Final = "Type the word done when you have written it down. The screen is then cleared. Anything else cancels."
T_CODE: Final = "The code is: {code}"
T_PAIR: Final = "If every digit is the same, type the word same. Anything else refuses. You have {minutes} minutes."

# --- pinentry ---
P_PAGE: Final = "Strongroom, part {number} of {count}"
P_TOO_LONG: Final = (
    "This request is too long to be shown here, so it was denied. Start the browser from a terminal to read it there, or install Python's Tk"
    " (package python3-tk on Debian) for Strongroom's own window."
)
P_NOT_HERE: Final = (
    "{title}. That is not done in a window like this one, which belongs to another program, so it was cancelled. Start the browser from a terminal,"
    " or install Python's Tk (package python3-tk on Debian) for Strongroom's own window."
)


def _in_language(value: object) -> object:
    if isinstance(value, dict):
        return {key: _in_language(text) for key, text in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_in_language, value))
    return words(value) if isinstance(value, str) else value


if os.environ.get(VARIABLE):
    use(os.environ[VARIABLE])
    globals().update({name: _in_language(value) for name, value in dict(globals()).items() if name.isupper() and name != "VARIABLE"})
    ACCELERATORS.update({name: letter(name, english) for name, english in ACCELERATORS.items()})
