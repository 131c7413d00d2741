// What SEARCH, SORT and THREAD have in common: the letters of the open folder that a program means, and how
// they are named to the client.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
/// The same in any folder as it is now (RFC 7377): numbers are those of its letters there, and may go beyond
/// its end. kRefuse: the folder is gone.
net::Task<Result<Found>> find_letters_in(Session& session, const SearchProgram& program,
                                         account::AccountId account, mailbox::FolderId folder);
/// Letters of a table that a query means, with its sets; the positions, ascending.
net::Task<Result<std::vector<std::uint32_t>>> evaluate(Session& session, account::AccountId account,
                                                       const mailbox::FolderTable& table,
                                                       const mailbox::Query& query,
                                                       std::span<const mailbox::UidSet> sets);
/// The sets that a program names in the open folder.
Result<std::vector<mailbox::UidSet>> sets_of(const Selected& view, const SearchProgram& program);
/// UIDs of the table as a client names them, with "*" as its last.
mailbox::UidSet named_uids(const mailbox::FolderTable& table, const SequenceSet& set);
/// Puts what was found in the open folder in an order (commands/sort.cc).
net::Task<Result<void>> sort_letters(Session& session, Found& found, const std::vector<SortKey>& keys);

/// UIDs, or the numbers that the client knows them by; in the order of the positions.
std::vector<std::uint32_t> numbers_of(Session& session, const Found& found, bool by_uid);
mailbox::ModSeq highest_mod_seq(const Found& found);

/// What a command that can't be read is told.
Reply refused_command(const Error& error);

/// NO for what a program asks and we do not have; nothing if all is well.
std::optional<Reply> objection(Session& session, const SearchProgram& program, const SearchReturn& wanted,
                               std::string_view tag);

/// What an ESEARCH response tells.
struct ExtendedAnswer {
  std::string_view tag;
  bool by_uid = false;
  const SearchReturn& wanted;
  const Found& found;
  std::span<const std::uint32_t> numbers;  ///< in the order of `found`
  bool tells_mod_seq = false;
  std::string_view mailbox = {};  ///< RFC 7377: which one it is of
  std::uint32_t uid_validity = 0;
};
/// The response (RFC 4731, RFC 5267, RFC 9394), and what SAVE keeps (RFC 5182).
void answer_extended(Session& session, const ExtendedAnswer& answer);

}  // namespace pabal::imap::detail
