// pabal group ...
#include "app/admin/tables.h"
#include "app/admin/views.h"

namespace pabal::app {
namespace {

using account::Group;
using net::Task;

struct PostingName {
  std::string_view name;
  Group::Posting posting;
};
constexpr PostingName kPostings[] = {
    {"anyone", Group::Posting::kAnyone},
    {"accounts", Group::Posting::kAccounts},
    {"members", Group::Posting::kMembers},
    {"nobody", Group::Posting::kNobody},
};

// The table has checked the name already.
void apply_posting(const Params& params, Group& group) {
  const std::string chosen = params.text("posting");
  for (const PostingName& each : kPostings) {
    if (each.name == chosen) group.posting = each.posting;
  }
}

Task<Result<Group>> load_group(AdminServices& services, const Params& params) {
  PABAL_CO_TRY(const account::Address address, params.address("address"));
  PABAL_CO_TRY(auto group, co_await services.directory.find_group(address));
  if (!group)
    co_return fail(ErrorKind::kRefuse, "there is no group {}; 'pabal group list' shows all",
                   address.to_display());
  co_return *std::move(group);
}

Task<Result<Json>> store_group(AdminServices& services, Group group) {
  Json result = to_json(group);
  PABAL_CO_TRY_VOID(co_await services.directory.set_group(std::move(group)));
  co_return result;
}

Task<Result<Json>> add_group(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Address address, params.address("address"));
  PABAL_CO_TRY(std::vector<account::Address> members, params.addresses("members"));
  PABAL_CO_TRY_VOID(co_await require_domain(services, address.domain()));
  Group group{std::move(address), params.text("name"), std::move(members)};
  apply_posting(params, group);
  Json result = to_json(group);
  PABAL_CO_TRY_VOID(co_await services.directory.add_group(std::move(group)));
  co_return result;
}

Task<Result<Json>> set_group(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(Group group, co_await load_group(services, params));
  if (const auto name = params.find_text("name")) group.name = *name;
  apply_posting(params, group);
  co_return co_await store_group(services, std::move(group));
}

Task<Result<Json>> list_groups(AdminServices& services, const Params& params, Reply& reply) {
  std::optional<account::DomainName> domain;
  if (params.has("domain")) {
    PABAL_CO_TRY(domain, params.domain("domain"));
  }
  PABAL_CO_TRY(const auto groups, co_await services.directory.list_groups(domain));
  for (const Group& group : groups) PABAL_CO_TRY_VOID(co_await reply.item(to_json(group)));
  co_return Json::object({{"count", groups.size()}});
}

Task<Result<Json>> show_group(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const Group group, co_await load_group(services, params));
  co_return to_json(group);
}

Task<Result<Json>> remove_group(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Address address, params.address("address"));
  PABAL_CO_TRY_VOID(co_await services.directory.remove_group(address));
  co_return Json::object({{"address", address.to_display()}});
}

Task<Result<Json>> add_members(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(Group group, co_await load_group(services, params));
  PABAL_CO_TRY(const auto members, params.addresses("members"));
  for (const account::Address& member : members) {
    if (std::ranges::find(group.members, member) == group.members.end()) group.members.push_back(member);
  }
  co_return co_await store_group(services, std::move(group));
}

Task<Result<Json>> remove_members(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(Group group, co_await load_group(services, params));
  PABAL_CO_TRY(const auto members, params.addresses("members"));
  for (const account::Address& member : members) {
    if (std::erase(group.members, member) == 0)
      co_return fail(ErrorKind::kRefuse, "{} is not in the group", member.to_display());
  }
  co_return co_await store_group(services, std::move(group));
}

const Param kAddress = {"address", ParamType::kAddress, Need::kRequired, "the group's address"};
const Param kMembers = {"members", ParamType::kAddresses, Need::kRequired, "people, here or elsewhere"};
const Param kName = {"name", ParamType::kText, Need::kOptional, "what the group is called"};
const Param kPosting = {"posting",
                        ParamType::kText,
                        Need::kOptional,
                        "who may write to it: anyone, accounts here, members (the default), nobody",
                        {"anyone", "accounts", "members", "nobody"}};

const std::vector<Column> kDetails = {
    {"address", "Group"}, {"name", "Name"}, {"posting", "Who may write"}, {"members", "Members"}};

}  // namespace

std::vector<Method> group_methods() {
  return {
      {.name = "group.add",
       .summary = "Add a group of people under one address",
       .params = {kAddress, kMembers, kName, kPosting},
       .show = {.sentence = "In the group {address} are now: {members}"},
       .handler = add_group,
       .example = "group add team@example.org bob@example.org carol@example.org --posting accounts"},
      {.name = "group.list",
       .summary = "List the groups",
       .params = {{"domain", ParamType::kDomain, Need::kOptional, "those in this domain"}},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "There are no groups.",
                .columns = {{"address", "GROUP"},
                            {"name", "NAME"},
                            {"posting", "WHO MAY WRITE"},
                            {"member_count", "MEMBERS"}}},
       .handler = list_groups},
      {.name = "group.show",
       .summary = "Show one group and who is in it",
       .params = {kAddress},
       .show = {.shape = Show::Shape::kDetails, .columns = kDetails},
       .handler = show_group},
      {.name = "group.set",
       .summary = "Change a group's name or who may write to it",
       .params = {kAddress, kName, kPosting},
       .show = {.shape = Show::Shape::kDetails, .columns = kDetails},
       .handler = set_group},
      {.name = "group.remove",
       .summary = "Remove a group; its members stay",
       .params = {kAddress},
       .show = {.sentence = "The group {address} is removed."},
       .handler = remove_group},
      {.name = "group.member.add",
       .summary = "Take people into a group",
       .params = {kAddress, kMembers},
       .show = {.sentence = "In the group {address} are now: {members}"},
       .handler = add_members},
      {.name = "group.member.remove",
       .summary = "Take people out of a group",
       .params = {kAddress, kMembers},
       .show = {.sentence = "In the group {address} are now: {members}"},
       .handler = remove_members},
  };
}

}  // namespace pabal::app
