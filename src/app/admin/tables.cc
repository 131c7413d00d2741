#include "app/admin/tables.h"

namespace pabal::app {
namespace {

struct GroupSummary {
  std::string_view group;
  std::string_view summary;
};
constexpr GroupSummary kGroups[] = {
    {"domain", "Domains whose mail is ours"},
    {"account", "People: mailboxes, their addresses, who may open them"},
    {"account.address", "Further addresses of an account"},
    {"account.app_password", "Passwords for single programs, each revocable alone"},
    {"alias", "Addresses that stand for others"},
    {"group", "Named lists of people, with a say in who may write to them"},
    {"group.member", "Who is in a group"},
    {"letter", "What lies in the mailboxes"},
    {"journey", "What happened to letters, step by step"},
    {"queue", "Letters that wait for other hosts"},
    {"config", "The configuration: its faults, its values, what may stand in it"},
    {"store", "The files in which everything lies"},
};

}  // namespace

std::vector<Method> admin_methods() {
  std::vector<Method> all;
  for (auto* const table :
       {domain_methods, account_methods, app_password_methods, alias_methods, group_methods, letter_methods,
        queue_methods, journey_methods, store_methods, server_methods}) {
    for (Method& method : table()) all.push_back(std::move(method));
  }
  return all;
}

std::string_view admin_group_summary(std::string_view group) {
  for (const GroupSummary& each : kGroups) {
    if (each.group == group) return each.summary;
  }
  return "";
}

}  // namespace pabal::app
