// Results of searches that are kept up to date for the client (RFC 5267 §4.3): as long as the folder is open,
// or until CANCELUPDATE. Letters that were changed or came are looked at again; those that never changed stay
// what they were, also where a search asks for an age.
//
// A session that has some keeps its folder's table while it idles.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "imap/detail/searching.h"
#include "mailbox/uid_set.h"

namespace pabal::imap::detail {

/// At least one must be given (§4.3.1).
inline constexpr std::size_t kMaxContexts = 10;

struct SearchContext {
  std::string tag;
  bool by_uid = false;
  SearchProgram program;
  std::vector<SortKey> order = {};  ///< of a SORT

  // As watch_result() and look_at_contexts() leave it:
  std::vector<mailbox::UidSet> sets = {};  ///< of the program; UIDs are looked at anew
  mailbox::UidSet result = {};
  std::vector<mailbox::Uid> sorted = {};  ///< of a SORT: the result in its order
};

/// Of a Selected.
struct SearchContexts {
  std::vector<SearchContext> all;
  mailbox::ModSeq told;  ///< changes up to there are in the results
};

bool has_context(const Session& session, std::string_view tag);
/// Keeps the result up to date from now on, or says NO [NOUPDATE] to it where there are too many. `found` is
/// in the order of the result.
void watch_result(Session& session, SearchContext context, const Found& found);
void cancel_context(Session& session, std::string_view tag);

/// Responses for what becomes of the results when the client is told of `now`.
struct ContextNews {
  std::string removed;  ///< to be said before letters leave
  std::string added;    ///< and this when all are there
};
net::Task<Result<ContextNews>> look_at_contexts(Session& session, const mailbox::Table& now);

}  // namespace pabal::imap::detail
