#include "imap/grammar/write_responses.h"

#include "imap/grammar/mailbox_name.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append_labelled(std::string& out, std::string_view label, std::uint64_t number) {
  out.append(label);
  append_number(out, number);
}

/// search-sort-mod-seq (RFC 7162 §7)
void append_mod_seq(std::string& out, std::optional<mailbox::ModSeq> mod_seq) {
  if (!mod_seq) return;
  append_labelled(out, " (MODSEQ ", mod_seq->value());
  out.push_back(')');
}

void append_numbers(std::string& out, std::string_view name, std::span<const std::uint32_t> numbers,
                    std::optional<mailbox::ModSeq> mod_seq) {
  out.append(name);
  for (const std::uint32_t number : numbers) {
    out.push_back(' ');
    append_number(out, number);
  }
  if (!numbers.empty()) append_mod_seq(out, mod_seq);
  out.append(kLineEnd);
}

/// search-correlator
void append_correlator(std::string& out, const EsearchResult& result, const Dialect& dialect) {
  out.append(" (TAG ");
  append_string(out, result.tag, dialect);
  if (!result.mailbox.empty()) {
    out.append(" MAILBOX ");
    append_mailbox(out, result.mailbox, dialect);
    append_labelled(out, " UIDVALIDITY ", result.uid_validity);
  }
  out.push_back(')');
}

void append_signed(std::string& out, std::int64_t number) {
  if (number < 0) out.push_back('-');
  append_number(out, static_cast<std::uint64_t>(number < 0 ? -number : number));
}

/// ret-data-partial (RFC 9394 §4)
void append_partial(std::string& out, PartialRange range, std::span<const std::uint32_t> numbers) {
  out.append(" PARTIAL (");
  append_signed(out, range.first);
  out.push_back(':');
  append_signed(out, range.last);
  out.push_back(' ');
  if (numbers.empty()) {
    out.append("NIL");
  } else {
    append_sequence_set(out, numbers);
  }
  out.push_back(')');
}

void append_status_value(std::string& out, StatusItem item, const StatusValues& values) {
  switch (item) {
    case StatusItem::kMessages:
      return append_labelled(out, "MESSAGES ", values.messages);
    case StatusItem::kRecent:
      return append_labelled(out, "RECENT ", 0);
    case StatusItem::kUidNext:
      return append_labelled(out, "UIDNEXT ", values.uid_next);
    case StatusItem::kUidValidity:
      return append_labelled(out, "UIDVALIDITY ", values.uid_validity);
    case StatusItem::kUnseen:
      return append_labelled(out, "UNSEEN ", values.unseen);
    case StatusItem::kDeleted:
      return append_labelled(out, "DELETED ", values.deleted);
    case StatusItem::kSize:
      return append_labelled(out, "SIZE ", values.size);
    case StatusItem::kHighestModSeq:
      return append_labelled(out, "HIGHESTMODSEQ ", values.highest_mod_seq.value());
    case StatusItem::kAppendLimit:
      if (values.append_limit) return append_labelled(out, "APPENDLIMIT ", *values.append_limit);
      out.append("APPENDLIMIT NIL");
      return;
    case StatusItem::kDeletedStorage:
      return append_labelled(out, "DELETED-STORAGE ", values.deleted_storage);
    case StatusItem::kMailboxId:
      out.append("MAILBOXID (");
      append_mailbox_id(out, values.id, values.owner);
      out.push_back(')');
      return;
  }
}

}  // namespace

void append_list(std::string& out, const ListEntry& entry, const Dialect& dialect) {
  out.append(entry.lsub ? "* LSUB (" : "* LIST (");
  bool first = true;
  for (const std::string_view attribute : entry.attributes) {
    if (!first) out.push_back(' ');
    first = false;
    out.append(attribute);
  }
  out.append(") \"");
  out.push_back(mailbox::kPathSeparator);
  out.append("\" ");
  append_mailbox(out, entry.mailbox, dialect);
  if (entry.child_subscribed || !entry.old_name.empty()) {
    out.append(" (");
    if (entry.child_subscribed) out.append("\"CHILDINFO\" (\"SUBSCRIBED\")");
    if (entry.child_subscribed && !entry.old_name.empty()) out.push_back(' ');
    if (!entry.old_name.empty()) {
      out.append("\"OLDNAME\" (");
      append_mailbox(out, entry.old_name, dialect);
      out.push_back(')');
    }
    out.push_back(')');
  }
  out.append(kLineEnd);
}

void append_list_separator(std::string& out, bool lsub) {
  out.append(lsub ? "* LSUB (\\Noselect) \"" : "* LIST (\\Noselect) \"");
  out.push_back(mailbox::kPathSeparator);
  out.append("\" \"\"\r\n");
}

void append_my_rights(std::string& out, std::string_view mailbox, mailbox::Rights rights,
                      const Dialect& dialect) {
  out.append("* MYRIGHTS ");
  append_mailbox(out, mailbox, dialect);
  out.push_back(' ');
  out.append(rights.to_string()).append(kLineEnd);
}

void append_status(std::string& out, std::string_view mailbox, const StatusItems& wanted,
                   const StatusValues& values, const Dialect& dialect) {
  out.append("* STATUS ");
  append_mailbox(out, mailbox, dialect);
  char before = '(';
  out.push_back(' ');
  for (unsigned i = 0; i <= static_cast<unsigned>(StatusItem::kMailboxId); ++i) {
    const auto item = static_cast<StatusItem>(i);
    if (!wanted.has(item)) continue;
    out.push_back(before);
    append_status_value(out, item, values);
    before = ' ';
  }
  if (before == '(') out.push_back('(');
  out.append(")\r\n");
}

void append_search(std::string& out, std::span<const std::uint32_t> numbers,
                   std::optional<mailbox::ModSeq> mod_seq) {
  append_numbers(out, "* SEARCH", numbers, mod_seq);
}
void append_sort(std::string& out, std::span<const std::uint32_t> numbers,
                 std::optional<mailbox::ModSeq> mod_seq) {
  append_numbers(out, "* SORT", numbers, mod_seq);
}

void append_esearch(std::string& out, const EsearchResult& result, const Dialect& dialect) {
  out.append("* ESEARCH");
  append_correlator(out, result, dialect);
  if (result.uid) out.append(" UID");
  if (result.min) append_labelled(out, " MIN ", *result.min);
  if (result.max) append_labelled(out, " MAX ", *result.max);
  if (result.count) append_labelled(out, " COUNT ", *result.count);
  if (result.all && !result.all->empty()) {
    out.append(" ALL ");
    append_sequence_set(out, *result.all);
  }
  if (result.partial) append_partial(out, result.partial->first, result.partial->second);
  if (result.mod_seq) append_labelled(out, " MODSEQ ", result.mod_seq->value());
  out.append(kLineEnd);
}

void append_context_change(std::string& out, const ContextChange& change, const Dialect& dialect) {
  if (change.numbers.empty()) return;
  out.append("* ESEARCH");
  append_correlator(out, {.tag = change.tag}, dialect);
  if (change.uid) out.append(" UID");
  append_labelled(out, change.added ? " ADDTO (" : " REMOVEFROM (", change.position);
  out.push_back(' ');
  append_sequence_set(out, change.numbers);
  out.append(")\r\n");
}

void append_thread(std::string& out, std::span<const ThreadNode> nodes) {
  // Whether a node has one child or several is known only when the next of its depth comes, so that is
  // looked up first.
  constexpr std::size_t kNone = SIZE_MAX;
  std::vector<std::size_t> parent(nodes.size(), kNone);
  std::vector<std::uint32_t> children(nodes.size(), 0);
  std::vector<std::size_t> path;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (path.size() > nodes[i].depth) path.resize(nodes[i].depth);
    if (!path.empty()) {
      parent[i] = path.back();
      ++children[parent[i]];
    }
    path.push_back(i);
  }
  out.append("* THREAD");
  if (!nodes.empty()) out.push_back(' ');
  // Behind each node stands how many parentheses are open at it: its own, and those of its branch.
  std::vector<std::uint32_t> open(nodes.size(), 0);
  std::uint32_t now_open = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool is_root = parent[i] == kNone;
    const std::uint32_t above = is_root ? 0 : open[parent[i]];
    for (; now_open > above; --now_open) out.push_back(')');
    const bool branches = is_root || children[parent[i]] > 1;
    const bool follows_number = !is_root && nodes[parent[i]].number != 0 && out.back() != ')';
    if (follows_number) out.push_back(' ');
    if (branches) {
      out.push_back('(');
      ++now_open;
    }
    if (nodes[i].number != 0) append_number(out, nodes[i].number);
    open[i] = now_open;
  }
  for (; now_open > 0; --now_open) out.push_back(')');
  out.append(kLineEnd);
}

void MetadataWriter::add(std::string_view entry, const std::string* value) {
  if (!begun_) {
    out_.append("* METADATA ");
    append_mailbox(out_, mailbox_, dialect_);
    out_.append(" (");
  } else {
    out_.push_back(' ');
  }
  begun_ = true;
  append_astring(out_, entry, dialect_);
  out_.push_back(' ');
  if (value == nullptr) {
    out_.append("NIL");
  } else if (value->find('\0') != std::string::npos) {
    append_literal8_header(out_, value->size());
    out_.append(*value);
  } else {
    append_string(out_, *value, dialect_);
  }
}

void MetadataWriter::finish() {
  if (begun_) out_.append(")\r\n");
}

void append_metadata_changed(std::string& out, std::string_view mailbox, std::span<const std::string> entries,
                             const Dialect& dialect) {
  out.append("* METADATA ");
  append_mailbox(out, mailbox, dialect);
  for (const std::string& entry : entries) {
    out.push_back(' ');
    append_astring(out, entry, dialect);
  }
  out.append(kLineEnd);
}

void append_vanished(std::string& out, const mailbox::UidSet& uids, bool earlier) {
  if (uids.empty()) return;
  out.append(earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
  append_sequence_set(out, uids);
  out.append(kLineEnd);
}

}  // namespace pabal::imap
