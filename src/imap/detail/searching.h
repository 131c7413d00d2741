// What SEARCH, SORT and THREAD have in common: the letters of the open folder that a program means, and how
// they are named to the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "imap/detail/session.h"
#include "imap/grammar/search_command.h"

namespace pabal::imap::detail {

/// Letters of the folder as it is now, that the client knows.
struct Found {
  mailbox::Table table;                  ///< in which the positions are
  std::vector<std::uint32_t> positions;  ///< in the order of the folder
};

/// kRefuse: the program names letters that are not there. Others are the store's.
net::Task<Result<Found>> find_letters(Session& session, const SearchProgram& program);

/// UIDs, or the numbers that the client knows them by; in the order of the positions.
std::vector<std::uint32_t> numbers_of(Session& session, const Found& found, bool by_uid);
mailbox::ModSeq highest_mod_seq(const Found& found);

/// What a command that can't be read is told.
Reply refused_command(const Error& error);

/// NO for what a program asks and we do not have; nothing if all is well.
std::optional<Reply> objection(Session& session, const SearchProgram& program, const SearchReturn& wanted,
                               std::string_view tag);

/// The ESEARCH response for `numbers`, in their order (RFC 4731, RFC 5267, RFC 9394), and what SAVE keeps
/// (RFC 5182). `found` is in the same order.
void answer_extended(Session& session, const Request& request, const SearchReturn& wanted, const Found& found,
                     std::span<const std::uint32_t> numbers, bool tells_mod_seq);

}  // namespace pabal::imap::detail
