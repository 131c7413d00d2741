// Mailbox/query and /queryChanges (RFC 8621 §2.3, §2.4).
#include <algorithm>

#include "jmap/changes.h"
#include "jmap/detail/comparator.h"
#include "jmap/detail/folders.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"
#include "message/casemap.h"

namespace pabal::jmap::detail {
namespace {

using mailbox::Folder;
using mailbox::FolderId;

constexpr std::string_view kSorts[] = {"name", "sortOrder"};

struct Condition {
  std::optional<FolderId> parent = {};  ///< 0: at the top
  bool never = false;                   ///< it names a folder that is not there
  std::optional<std::string> name = {};
  std::optional<std::string> role = {};  ///< empty: none
  std::optional<bool> has_role = {};
  std::optional<bool> subscribed = {};

  bool matches(const Folder& folder) const {
    if (never || (parent && folder.parent != *parent)) return false;
    if (name && message::fold_case(name_of(folder)).find(*name) == std::string::npos) return false;
    if (role && role_of(folder) != *role) return false;
    if (has_role && role_of(folder).empty() == *has_role) return false;
    return !subscribed || folder.subscribed == *subscribed;
  }
};
using Tree = Filter<Condition>;

std::expected<Condition, MethodError> read_condition(const Json::Object& members) {
  Arguments in(members);
  Condition out;
  if (const auto parent = in.text("parentId")) {
    out.parent = parse_mailbox_id(*parent);
    out.never = !out.parent;
  } else if (in.has("parentId")) {
    out.parent = FolderId();
  }
  if (const auto name = in.text("name")) out.name = message::fold_case(*name);
  if (const auto role = in.text("role")) {
    out.role = *role;
    out.never = out.never || role->empty();
  } else if (in.has("role")) {
    out.role = "";
  }
  out.has_role = in.boolean("hasAnyRole");
  out.subscribed = in.boolean("isSubscribed");
  if (!in.complete()) return method_error("unsupportedFilter", in.error().error().description);
  return out;
}

bool matches(const Tree& tree, const Folder& folder) {
  const auto each = [&](const Tree& part) { return matches(part, folder); };
  switch (tree.kind) {
    case Tree::Kind::kCondition:
      return tree.condition.matches(folder);
    case Tree::Kind::kAnd:
      return std::ranges::all_of(tree.parts, each);
    case Tree::Kind::kOr:
      return std::ranges::any_of(tree.parts, each);
    case Tree::Kind::kNot:
      break;
  }
  return std::ranges::none_of(tree.parts, each);
}

struct Query {
  Tree filter;
  std::vector<Comparator> sort;
  bool sort_as_tree = false;
  bool filter_as_tree = false;
};

std::expected<Query, MethodError> read_query(Arguments& in, bool with_tree) {
  Query out;
  if (with_tree) {
    out.sort_as_tree = in.flag("sortAsTree", false);
    out.filter_as_tree = in.flag("filterAsTree", false);
  }
  auto sort = read_sort(in, kSorts);
  if (!sort) return std::unexpected(std::move(sort).error());
  out.sort = *std::move(sort);
  std::size_t conditions = 0;
  if (const Json* filter = in.value("filter")) {
    auto tree = read_filter<Condition>(*filter, read_condition, conditions);
    if (!tree) return std::unexpected(std::move(tree).error());
    out.filter = *std::move(tree);
  }
  return out;
}

class Sorter {
 public:
  Sorter(const mailbox::FolderList& folders, const Query& query) : folders_(folders), query_(query) {}

  bool operator()(const Folder* a, const Folder* b) const {
    if (!query_.sort_as_tree) return is_before(*a, *b);
    const auto way_to_a = way(*a);
    const auto way_to_b = way(*b);
    for (std::size_t i = 0; i < way_to_a.size() && i < way_to_b.size(); ++i) {
      if (way_to_a[i] != way_to_b[i]) return is_before(*way_to_a[i], *way_to_b[i]);
    }
    return way_to_a.size() < way_to_b.size();
  }

 private:
  // From the top down.
  std::vector<const Folder*> way(const Folder& folder) const {
    std::vector<const Folder*> out;
    for (const Folder* at = &folder; at != nullptr; at = folders_.find(at->parent)) out.push_back(at);
    std::ranges::reverse(out);
    return out;
  }
  bool is_before(const Folder& a, const Folder& b) const {
    for (const Comparator& each : query_.sort) {
      const int order = compare(a, b, each.property);
      if (order != 0) return each.ascending ? order < 0 : order > 0;
    }
    return a.id < b.id;
  }
  static int compare(const Folder& a, const Folder& b, std::string_view property) {
    if (property == "name") return message::fold_case(name_of(a)).compare(message::fold_case(name_of(b)));
    const auto x = sort_order_of(a);
    const auto y = sort_order_of(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }

  const mailbox::FolderList& folders_;
  const Query& query_;
};

std::vector<FolderId> run(const mailbox::FolderList& folders, const Query& query) {
  std::vector<const Folder*> found;
  for (const Folder& folder : folders.all()) {
    bool in = matches(query.filter, folder);
    for (const Folder* above = folders.find(folder.parent); in && query.filter_as_tree && above != nullptr;
         above = folders.find(above->parent))
      in = matches(query.filter, *above);
    if (in) found.push_back(&folder);
  }
  std::ranges::sort(found, Sorter(folders, query));
  std::vector<FolderId> out;
  for (const Folder* folder : found) out.push_back(folder->id);
  return out;
}

std::optional<std::size_t> find_anchor(const std::vector<FolderId>& list, std::string_view anchor) {
  const auto id = parse_mailbox_id(anchor);
  const auto found = id ? std::ranges::find(list, *id) : list.end();
  if (found == list.end()) return {};
  return static_cast<std::size_t>(found - list.begin());
}

}  // namespace

Answer run_mailbox_query(Call& call) {
  Arguments in = call.read();
  const QueryWindow window = read_window(in);
  const auto query = read_query(in, true);
  if (!query) co_return std::unexpected(query.error());
  if (!in.complete()) co_return in.error();
  PABAL_CO_TRY(const SnapshotRef snapshot, co_await call.snapshot());
  const std::vector<FolderId> list = run(snapshot->folders(), *query);
  const auto anchor = window.anchor ? find_anchor(list, *window.anchor) : std::nullopt;
  const auto part = apply_window(window, list.size(), anchor, list.size());
  if (!part) co_return std::unexpected(part.error());
  const std::string state = state_of(snapshot->mod_seq());
  write_query(call, window,
              {.state = state, .size = list.size(), .window = *part, .id_at = [&](std::size_t index) {
                 return mailbox_id(list[index]);
               }});
  co_return Outcome();
}

// Folders are few: all whose place may be another one are taken out of the client's list, and put where they
// are now. In a tree a folder takes those below it along.
Answer run_mailbox_query_changes(Call& call) {
  Arguments in = call.read();
  const std::string_view old_state = in.required_text("sinceQueryState");
  const auto max = in.unsigned_integer("maxChanges");
  in.pass_over("upToId");
  const bool total = in.flag("calculateTotal", false);
  const auto query = read_query(in, true);
  if (!query) co_return std::unexpected(query.error());
  if (!in.complete()) co_return in.error();
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  const auto since = parse_state(old_state);
  std::optional<Changes> changes;
  if (since) {
    PABAL_CO_TRY(changes, co_await load_changes(call.services().engine, call.account(), now, *since,
                                                std::nullopt, ChangesOf::kFolders));
  }
  if (!changes) co_return method_error("cannotCalculateChanges");
  const auto& folders = changes->folders;
  const bool moves_others = (query->sort_as_tree || query->filter_as_tree) && !changes->only_counts;
  std::vector<FolderId> touched = folders.updated;
  if (moves_others) {
    for (const Folder& folder : now->folders().all()) touched.push_back(folder.id);
  }
  touched.insert(touched.end(), folders.created.begin(), folders.created.end());
  std::ranges::sort(touched);
  touched.erase(std::ranges::unique(touched).begin(), touched.end());

  const std::vector<FolderId> list = run(now->folders(), *query);
  const std::string state = state_of(now->mod_seq());
  QueryChangesAnswer answer{.old_state = old_state, .new_state = state, .total = {}};
  if (total) answer.total = list.size();
  for (const FolderId id : folders.destroyed) answer.removed.push_back(mailbox_id(id));
  for (const FolderId id : touched) {
    if (!std::ranges::binary_search(folders.created, id)) answer.removed.push_back(mailbox_id(id));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (std::ranges::binary_search(touched, list[i])) answer.added.push_back({i, mailbox_id(list[i])});
  }
  if (max && answer.removed.size() + answer.added.size() > *max) co_return method_error("tooManyChanges");
  write_query_changes(call, answer);
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
