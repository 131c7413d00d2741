// Every command as a row.
#include <array>

#include "base/ascii.h"
#include "pop3/commands/families.h"

namespace pabal::pop3::detail {
namespace {

constexpr unsigned kOutside = static_cast<unsigned>(State::kAuthorization);
constexpr unsigned kInside = static_cast<unsigned>(State::kTransaction);
constexpr unsigned kAny = kOutside | kInside;

constexpr std::array kTable = std::to_array<Command>({
    {"RETR", kInside, run_retr},
    {"DELE", kInside, run_dele},
    {"LIST", kInside, run_list},
    {"UIDL", kInside, run_uidl},
    {"TOP", kInside, run_top},
    {"STAT", kInside, run_stat},
    {"NOOP", kInside, run_noop},
    {"RSET", kInside, run_rset},
    {"USER", kOutside, run_user},
    {"PASS", kOutside, run_pass},
    {"AUTH", kOutside, run_auth},
    {"APOP", kOutside, run_apop},
    {"STLS", kOutside, run_stls},
    {"UTF8", kOutside, run_utf8},
    {"CAPA", kAny, run_capa},
    {"LANG", kAny, run_lang},
    {"QUIT", kAny, run_quit},
});

}  // namespace

const Command* find_command(std::string_view keyword) {
  for (const Command& command : kTable) {
    if (equals_ignoring_case(command.keyword, keyword)) return &command;
  }
  return nullptr;
}

}  // namespace pabal::pop3::detail
