#include "jmap/detail/folders.h"

namespace pabal::jmap::detail {
namespace {

using mailbox::SpecialUse;

struct Role {
  SpecialUse use;
  std::string_view name;
  std::uint32_t order;
};
constexpr Role kRoles[] = {
    {SpecialUse::kDrafts, "drafts", 2},   {SpecialUse::kSent, "sent", 3},
    {SpecialUse::kArchive, "archive", 4}, {SpecialUse::kJunk, "junk", 5},
    {SpecialUse::kTrash, "trash", 6},     {SpecialUse::kAll, "all", 7},
    {SpecialUse::kFlagged, "flagged", 8}, {SpecialUse::kImportant, "important", 9},
};
constexpr std::uint32_t kOthers = 10;

const Role* find(SpecialUse use) {
  for (const Role& role : kRoles) {
    if (role.use == use) return &role;
  }
  return nullptr;
}

}  // namespace

std::string_view role_of(const mailbox::Folder& folder) {
  if (folder.id == mailbox::kInbox) return "inbox";
  const Role* role = find(folder.use);
  return role != nullptr ? role->name : std::string_view();
}

std::optional<SpecialUse> use_of_role(std::string_view name) {
  for (const Role& role : kRoles) {
    if (role.name == name) return role.use;
  }
  return {};
}

std::string_view name_of(const mailbox::Folder& folder) {
  return folder.id == mailbox::kInbox ? std::string_view("Inbox") : std::string_view(folder.name);
}

std::uint32_t sort_order_of(const mailbox::Folder& folder) {
  if (folder.id == mailbox::kInbox) return 1;
  const Role* role = find(folder.use);
  return role != nullptr ? role->order : kOthers;
}

}  // namespace pabal::jmap::detail
