/* A PKCS#11 module (v2.40) that does what MISBEHAVE says, for the tests of the process that loads one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef unsigned long ulong;
typedef struct { unsigned char major, minor; } version;
typedef struct { version cryptoki; char manufacturer[32]; ulong flags; char description[32]; version library; } info;
typedef struct { char description[64], manufacturer[32]; ulong flags; version hardware, firmware; } slot_info;
typedef struct {
  char label[32], manufacturer[32], model[16], serial[16];
  ulong flags, counts[10];
  version hardware, firmware;
  char time[16];
} token_info;
typedef struct { version cryptoki; void *calls[68]; } functions;

enum { OK = 0, FUNCTION_NOT_SUPPORTED = 0x54, PIN_INCORRECT = 0xA0, PIN_LOCKED = 0xA4 };
enum { INITIALIZE, FINALIZE, GET_INFO, GET_FUNCTION_LIST, GET_SLOT_LIST, GET_SLOT_INFO, GET_TOKEN_INFO, GET_MECHANISM_LIST,
       OPEN_SESSION = 12, CLOSE_SESSION = 13, LOGIN = 18, LOGOUT = 19 };

static functions list;

static int is(const char *what) {
  const char *wanted = getenv("MISBEHAVE");
  return wanted != NULL && strcmp(wanted, what) == 0;
}

static ulong unsupported(void) { return FUNCTION_NOT_SUPPORTED; }

static ulong initialize(void *arguments) {
  (void)arguments;
  if (is("crash at initialize")) raise(SIGSEGV);
  if (is("exit at initialize")) exit(0);
  if (is("print")) { puts("\xff\xff\xff\xff rubbish"); fflush(stdout); fputs("secret", stderr); }
  if (is("write everywhere")) for (int number = 0; number < 64; number++) if (write(number, "\0\0\0\1\xc1", 5)) continue;
  return OK;
}

static ulong finalize(void *reserved) {
  (void)reserved;
  if (is("hang at the end")) for (;;) pause();
  return OK;
}

static ulong get_info(info *out) { memset(out, ' ', sizeof *out); out->cryptoki = (version){2, 40}; return OK; }

static ulong get_slot_list(unsigned char present, ulong *slots, ulong *count) {
  (void)present;
  if (is("crash at slots")) raise(SIGSEGV);
  if (is("abort at slots")) abort();
  if (is("hang at slots")) for (;;) pause();
  if (is("hang with a child") && slots == NULL) { if (fork() == 0) { setsid(); alarm(8); } for (;;) pause(); }
  ulong have = is("more slots than memory") ? 1UL << 60 : is("slots that come and go") && slots ? 1UL << 40 : 1;
  if (slots != NULL) for (ulong at = 0; at < (have > *count ? *count : have); at++) slots[at] = at;
  *count = have;
  return OK;
}

static ulong get_slot_info(ulong slot, slot_info *out) { (void)slot; memset(out, ' ', sizeof *out); return OK; }

static ulong get_token_info(ulong slot, token_info *out) {
  (void)slot;
  memset(out, ' ', sizeof *out);
  memcpy(out->serial, "7", 1);
  memcpy(out->label, "hostile", 7);
  out->flags = 0x400 | 0x8 | 0x4;
  if (is("pin pad")) out->flags |= 0x100;
  if (is("every byte")) for (int at = 0; at < 32; at++) out->label[at] = (char)at, out->manufacturer[at] = (char)(0x80 + at);
  if (is("every byte")) memset(out->serial, 0xff, sizeof out->serial);
  return OK;
}

static ulong get_mechanism_list(ulong slot, ulong *mechanisms, ulong *count) {
  (void)slot;
  if (is("more mechanisms than memory")) { *count = 1UL << 58; return OK; }
  if (mechanisms != NULL && *count >= 2) mechanisms[0] = 0x1087, mechanisms[1] = 0x80001234;
  *count = 2;
  return OK;
}

static ulong open_session(ulong slot, ulong flags, void *application, void *notify, ulong *session) {
  (void)slot; (void)flags; (void)application; (void)notify;
  *session = 1;
  return OK;
}

static ulong login(ulong session, ulong user, const char *pin, ulong length) {
  (void)session; (void)user;
  if (is("crash at login")) raise(SIGSEGV);
  if (is("pin pad")) return pin == NULL && length == 0 ? OK : PIN_INCORRECT;
  return OK;
}

static ulong done(ulong session) { (void)session; return OK; }

ulong C_GetFunctionList(functions **out) {
  for (int at = 0; at < 68; at++) list.calls[at] = unsupported;
  list.cryptoki = (version){2, 40};
  list.calls[INITIALIZE] = initialize;
  list.calls[FINALIZE] = finalize;
  list.calls[GET_INFO] = get_info;
  list.calls[GET_FUNCTION_LIST] = C_GetFunctionList;
  list.calls[GET_SLOT_LIST] = get_slot_list;
  list.calls[GET_SLOT_INFO] = get_slot_info;
  list.calls[GET_TOKEN_INFO] = get_token_info;
  list.calls[GET_MECHANISM_LIST] = get_mechanism_list;
  list.calls[OPEN_SESSION] = open_session;
  list.calls[CLOSE_SESSION] = done;
  list.calls[LOGIN] = login;
  list.calls[LOGOUT] = done;
  *out = &list;
  return OK;
}
