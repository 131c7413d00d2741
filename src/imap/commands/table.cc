// Every command as a row.
#include <array>

#include "base/ascii.h"
#include "imap/commands/families.h"

namespace pabal::imap::detail {
namespace {

constexpr unsigned bits(auto... states) { return (static_cast<unsigned>(states) | ...); }
constexpr unsigned kGreeted = bits(State::kGreeted);
constexpr unsigned kSelected = bits(State::kSelected);
constexpr unsigned kInside = bits(State::kLoggedIn, State::kSelected);
constexpr unsigned kAny = bits(State::kGreeted, State::kLoggedIn, State::kSelected);
constexpr unsigned kNumbers = kKeepsNumbers | kByNumber;

constexpr std::array kTable = std::to_array<Command>({
    {"CAPABILITY", kAny, kPlain, run_capability},
    {"NOOP", kAny, kAsksForNews, run_noop},
    {"LOGOUT", kAny, kPlain, run_logout},
    {"ID", kAny, kPlain, run_id},
    {"STARTTLS", kGreeted, kPlain, run_starttls},
    {"LOGIN", kGreeted, kPlain, run_login},
    {"AUTHENTICATE", kGreeted, kPlain, run_authenticate},
    {"ENABLE", kInside, kPlain, run_enable},
    {"NAMESPACE", kInside, kPlain, run_namespace},
    {"LIST", kInside, kPlain, run_list},
    {"LSUB", kInside, kPlain, run_lsub},
    {"STATUS", kInside, kPlain, run_status},
    {"CREATE", kInside, kPlain, run_create},
    {"DELETE", kInside, kPlain, run_delete},
    {"RENAME", kInside, kPlain, run_rename},
    {"SUBSCRIBE", kInside, kPlain, run_subscribe},
    {"UNSUBSCRIBE", kInside, kPlain, run_unsubscribe},
    {"SELECT", kInside, kPlain, run_select},
    {"EXAMINE", kInside, kPlain, run_examine},
    {"CLOSE", kSelected, kPlain, run_close},
    {"UNSELECT", kSelected, kPlain, run_unselect},
    {"CHECK", kSelected, kAsksForNews, run_noop},
    {"COMPRESS", kInside, kPlain, run_compress},
    {"IDLE", kInside, kPlain, run_idle},
    {"APPEND", kInside, kPlain, run_append},
    {"REPLACE", kSelected, kByNumber, run_replace},
    {"UID REPLACE", kSelected, kPlain, run_replace},
    {"GETQUOTA", kInside, kPlain, run_getquota},
    {"GETQUOTAROOT", kInside, kPlain, run_getquotaroot},
    {"GETMETADATA", kInside, kPlain, run_getmetadata},
    {"SETMETADATA", kInside, kPlain, run_setmetadata},
    {"NOTIFY", kInside, kAsksForNews, run_notify},
    {"SETACL", kInside, kPlain, run_setacl},
    {"DELETEACL", kInside, kPlain, run_deleteacl},
    {"GETACL", kInside, kPlain, run_getacl},
    {"LISTRIGHTS", kInside, kPlain, run_listrights},
    {"MYRIGHTS", kInside, kPlain, run_myrights},
    {"FETCH", kSelected, kNumbers, run_fetch},
    {"UID FETCH", kSelected, kPlain, run_fetch},
    {"STORE", kSelected, kNumbers, run_store},
    {"UID STORE", kSelected, kPlain, run_store},
    {"SEARCH", kSelected, kNumbers, run_search},
    {"UID SEARCH", kSelected, kPlain, run_search},
    {"ESEARCH", kInside, kPlain, run_esearch},
    {"CANCELUPDATE", kSelected, kPlain, run_cancelupdate},
    {"SORT", kSelected, kNumbers, run_sort},
    {"UID SORT", kSelected, kPlain, run_sort},
    {"THREAD", kSelected, kNumbers, run_thread},
    {"UID THREAD", kSelected, kPlain, run_thread},
    {"COPY", kSelected, kByNumber, run_copy},
    {"UID COPY", kSelected, kPlain, run_copy},
    {"MOVE", kSelected, kByNumber, run_move},
    {"UID MOVE", kSelected, kPlain, run_move},
    {"EXPUNGE", kSelected, kPlain, run_expunge},
    {"UID EXPUNGE", kSelected, kPlain, run_uid_expunge},
});

}  // namespace

const Command* find_command(std::string_view name, bool by_uid) {
  constexpr std::string_view kUid = "UID ";
  for (const Command& command : kTable) {
    std::string_view own = command.name;
    if (own.starts_with(kUid) != by_uid) continue;
    if (by_uid) own.remove_prefix(kUid.size());
    if (equals_ignoring_case(own, name)) return &command;
  }
  return nullptr;
}

}  // namespace pabal::imap::detail
