// Untagged responses about mailboxes and results: LIST, STATUS, SEARCH, ESEARCH, SORT, THREAD, VANISHED
// (RFC 9051 §7, RFC 5256, RFC 4731, RFC 5267, RFC 7162). Each appends whole lines. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imap/grammar/fetch_command.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"
#include "mailbox/folder.h"
#include "mailbox/ids.h"

namespace pabal::imap {

struct ListEntry {
  std::string_view mailbox;                  ///< UTF-8
  std::vector<std::string_view> attributes;  ///< with their backslash, in the order to write
  bool child_subscribed = false;             ///< CHILDINFO ("SUBSCRIBED") (RFC 5258 §4)
  std::string_view old_name = {};            ///< OLDNAME (RFC 9051 §6.3.9.7)
  bool lsub = false;                         ///< "* LSUB" in place of "* LIST"
};
void append_list(std::string& out, const ListEntry& entry, const Dialect& dialect);
/// LIST "" "": the separator alone.
void append_list_separator(std::string& out, bool lsub = false);

/// "* MYRIGHTS" (RFC 4314 §3.8).
void append_my_rights(std::string& out, std::string_view mailbox, mailbox::Rights rights,
                      const Dialect& dialect);

/// What STATUS tells; `wanted` chooses.
struct StatusValues {
  std::uint32_t messages = 0;
  std::uint32_t uid_next = 1;
  std::uint32_t uid_validity = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t size = 0;
  mailbox::ModSeq highest_mod_seq;
  std::optional<std::uint64_t> append_limit;  ///< NIL when there is none
  std::uint64_t deleted_storage = 0;          ///< octets: the sum of RFC822.SIZE is one (RFC 9208 §4.1.4)
  mailbox::FolderId id;
  OtherAccount owner = {};  ///< of the id
};
void append_status(std::string& out, std::string_view mailbox, const StatusItems& wanted,
                   const StatusValues& values, const Dialect& dialect);

/// "* METADATA Work (/private/comment \"busy\" /shared/x NIL)" (RFC 5464 §4.4.1); nothing if nothing was
/// added. The server's own are those of "".
class MetadataWriter {
 public:
  /// All of it outlives the writer.
  MetadataWriter(std::string& out, std::string_view mailbox, const Dialect& dialect)
      : out_(out), mailbox_(mailbox), dialect_(dialect) {}
  /// Null: there is none.
  void add(std::string_view entry, const std::string* value);
  void finish();

 private:
  std::string& out_;
  const std::string mailbox_;
  const Dialect& dialect_;
  bool begun_ = false;
};
/// "* METADATA Work /private/comment" (§4.4.2): that they changed.
void append_metadata_changed(std::string& out, std::string_view mailbox, std::span<const std::string> entries,
                             const Dialect& dialect);

/// "* SEARCH 1 2 3" and "* SORT ...", with (MODSEQ n) behind them if there is one and a result.
void append_search(std::string& out, std::span<const std::uint32_t> numbers,
                   std::optional<mailbox::ModSeq> mod_seq = {});
void append_sort(std::string& out, std::span<const std::uint32_t> numbers,
                 std::optional<mailbox::ModSeq> mod_seq = {});

/// What is set is written (RFC 4731 §3.1, RFC 9394 §3.1, RFC 7377 §2.1). Numbers are in the order of the
/// result.
struct EsearchResult {
  std::string_view tag;
  std::string_view mailbox = {};  ///< with uid_validity: of another mailbox than the selected one
  std::uint32_t uid_validity = 0;
  bool uid = false;
  std::optional<std::uint32_t> min = {};
  std::optional<std::uint32_t> max = {};
  std::optional<std::uint64_t> count = {};
  std::optional<std::span<const std::uint32_t>> all = {};  ///< left out when empty
  std::optional<std::pair<PartialRange, std::span<const std::uint32_t>>> partial = {};  ///< NIL when empty
  std::optional<mailbox::ModSeq> mod_seq = {};
};
void append_esearch(std::string& out, const EsearchResult& result, const Dialect& dialect);

/// ADDTO and REMOVEFROM (RFC 5267 §4.3), one change of a result that is watched.
struct ContextChange {
  std::string_view tag;
  bool uid = false;
  bool added = true;
  std::uint32_t position = 0;  ///< 0: order does not matter
  std::span<const std::uint32_t> numbers;
};
void append_context_change(std::string& out, const ContextChange& change, const Dialect& dialect);

/// A thread's letters in the order in which the tree is read. Roots have depth 0; number 0 stands for a
/// letter that is not there and holds its children together (RFC 5256 §4, thread-nested).
struct ThreadNode {
  std::uint32_t number = 0;
  std::uint32_t depth = 0;
};
/// "* THREAD (2)(3 6 (4 23)(44 7 96))". Without recursion: threads can be as deep as the folder is long.
void append_thread(std::string& out, std::span<const ThreadNode> nodes);

/// "* VANISHED (EARLIER) 1:3" (RFC 7162 §3.2.10). Nothing for an empty set.
void append_vanished(std::string& out, const mailbox::UidSet& uids, bool earlier);

}  // namespace pabal::imap
