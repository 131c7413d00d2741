// SEARCH, SORT, THREAD, their UID forms and ESEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5256, RFC 5267,
// RFC 5957, RFC 7377, RFC 9394), read into the tree of mailbox/query.h. Pure; any thread; see
// session_commands.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/fetch_command.h"
#include "imap/grammar/mailbox_filter.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"
#include "mailbox/query.h"

namespace pabal::imap {

/// search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
struct SearchProgram {
  /// A set that query::InSet names by its place here.
  struct Set {
    SequenceSet set;
    bool uid = false;  ///< UIDs; else sequence numbers. "$" is neither (RFC 5182 §2.1).
  };

  mailbox::Query query;
  std::vector<Set> sets;
  std::string charset;        ///< as the client named it; empty when it didn't
  bool charset_known = true;  ///< false: NO [BADCHARSET]; the texts are not decoded then
  bool uses_mod_seq = false;  ///< MODSEQ was among the keys: results tell the highest one (RFC 7162 §3.1.5)
};
/// kOverLimit: mailbox::kMaxQueryDepth, kMaxQueryConditions.
Result<SearchProgram> parse_search_program(Cursor& in, const Dialect& dialect);
/// search-key *(SP search-key), with the charset that is in `out` already.
Result<void> parse_search_keys(Cursor& in, const Dialect& dialect, SearchProgram& out);

/// RETURN ( ... )
struct SearchReturn {
  bool given = false;  ///< RETURN was there: the answer is ESEARCH
  bool min = false;
  bool max = false;
  bool all = false;  ///< also for RETURN ()
  bool count = false;
  bool save = false;
  bool context = false;                    ///< a hint (RFC 5267 §3.4)
  bool update = false;                     ///< RFC 5267 §4
  std::optional<FetchItems> update_items;  ///< RFC 5465 §5.2: UPDATE (fetch-att ...)
  std::optional<PartialRange> partial;
};

/// SEARCH and UID SEARCH.
struct SearchCommand {
  SearchReturn wanted;
  SearchProgram program;
};
Result<SearchCommand> parse_search(Cursor& in, const Dialect& dialect);

struct SortKey {
  enum class By : std::uint8_t {
    kArrival,
    kCc,
    kDate,
    kFrom,
    kSize,
    kSubject,
    kTo,
    kDisplayFrom,  ///< RFC 5957
    kDisplayTo,
  };
  By by = By::kArrival;
  bool reverse = false;
  bool operator==(const SortKey&) const = default;
};
inline constexpr std::size_t kMaxSortKeys = 20;

/// sort = ["UID" SP] "SORT" [search-return-opts] SP sort-criteria SP charset search-criteria
struct SortCommand {
  SearchReturn wanted;
  std::vector<SortKey> keys;
  SearchProgram program;
};
Result<SortCommand> parse_sort(Cursor& in, const Dialect& dialect);

/// thread = ["UID" SP] "THREAD" SP thread-alg SP charset 1*(SP search-key)
struct ThreadCommand {
  enum class By : std::uint8_t { kOrderedSubject, kReferences } by = By::kReferences;
  SearchProgram program;
};
Result<ThreadCommand> parse_thread(Cursor& in, const Dialect& dialect);

/// esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program (RFC 7377)
struct EsearchCommand {
  std::vector<MailboxFilter> sources;  ///< empty: the selected mailbox
  SearchReturn wanted;
  SearchProgram program;
};
Result<EsearchCommand> parse_esearch(Cursor& in, const Dialect& dialect);

/// cancelupdate = "CANCELUPDATE" 1*(SP quoted): tags (RFC 5267 §6).
Result<std::vector<std::string>> parse_cancelupdate(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
