// What Email/query looks for (RFC 8621 §4.4.1), and which emails of a snapshot that is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "jmap/detail/call.h"
#include "jmap/detail/comparator.h"
#include "jmap/letter_keys.h"
#include "mailbox/query.h"

namespace pabal::jmap::detail {

/// Properties of one FilterCondition: all must hold.
struct EmailCondition {
  bool never = false;  ///< it names a folder that is not there
  std::optional<mailbox::FolderId> in_mailbox = {};
  std::optional<std::vector<mailbox::FolderId>> other_than = {};
  std::optional<std::chrono::sys_seconds> before = {};
  std::optional<std::chrono::sys_seconds> after = {};
  std::optional<std::uint64_t> min_size = {};
  std::optional<std::uint64_t> max_size = {};
  std::optional<std::string> all_in_thread = {};
  std::optional<std::string> some_in_thread = {};
  std::optional<std::string> none_in_thread = {};
  std::optional<std::string> has_keyword = {};
  std::optional<std::string> not_keyword = {};
  std::optional<bool> has_attachment = {};
  std::vector<mailbox::Query> texts = {};  ///< what must be looked for in letters

  bool is_about_threads() const { return all_in_thread || some_in_thread || none_in_thread; }
  /// Nothing in it can change of a letter (RFC 8620 §5.6).
  bool is_immutable() const;
};
using EmailFilter = Filter<EmailCondition>;

std::expected<EmailFilter, MethodError> read_email_filter(const Json* filter);
/// The texts that are looked for, folded: what snippets mark.
std::vector<std::string> words_of(const EmailFilter& filter, bool subject);

/// Any condition of the tree.
template <class Test>
bool any_condition(const EmailFilter& filter, const Test& test) {
  if (filter.kind == EmailFilter::Kind::kCondition) return test(filter.condition);
  for (const EmailFilter& part : filter.parts) {
    if (any_condition(part, test)) return true;
  }
  return false;
}

/// By place in the snapshot. `keys` and `slots` are there if some condition is about attachments.
struct FilterSources {
  SnapshotRef snapshot;
  const LetterKeys* keys = nullptr;
  const std::vector<std::uint32_t>* slots = nullptr;
};
net::Task<Result<std::vector<bool>>> find_emails(Call& call, const EmailFilter& filter,
                                                 FilterSources sources);

}  // namespace pabal::jmap::detail
