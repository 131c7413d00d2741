// Where a letter to an address goes. An alias, a group or a catch-all is flattened here, so that whoever
// delivers sees accounts and remote addresses only, each once.
#include <algorithm>
#include <deque>
#include <set>

#include "account/detail/directory_store.h"
#include "account/detail/records.h"
#include "account/directory.h"

namespace pabal::account {

using net::Task;

namespace {

/// What the directory has under an address.
struct Found {
  std::optional<Domain> domain;  ///< nothing: not ours
  std::optional<detail::NameRecord> name;
  std::string tag;  ///< if the name was found without it
};

Result<std::optional<detail::NameRecord>> decode(const DirectoryStore::Record& record) {
  if (!record) return std::nullopt;
  PABAL_TRY(auto name, detail::decode_name(*record));
  return std::optional(std::move(name));
}

Task<Result<Found>> look_up(DirectoryStore& store, const Address& address) {
  Found found;
  std::vector<std::string> keys{detail::domain_key(address.domain()), detail::name_key(address)};
  PABAL_CO_TRY(const auto records, co_await store.read(std::move(keys)));
  if (!records[0]) co_return found;
  PABAL_CO_TRY(found.domain, detail::decode_domain(*records[0]));
  PABAL_CO_TRY(found.name, decode(records[1]));
  const auto separator = found.domain->options.subaddress_separator;
  if (found.name || !separator) co_return found;
  auto split = split_subaddress(address, *separator);
  if (!split) co_return found;
  PABAL_CO_TRY(const auto base, co_await store.read_one(detail::name_key(split->base)));
  PABAL_CO_TRY(found.name, decode(base));
  if (found.name) found.tag = std::move(split->tag);
  co_return found;
}

/// Whom an unknown name of the domain falls to.
struct Fallback {
  Expansion::Kind kind;
  Address target;
};

std::optional<Fallback> find_fallback(const Domain& domain, const Address& address) {
  // RFC 5321 §4.5.1 asks for postmaster in every domain, RFC 2142 §4 for abuse.
  const bool is_role = address.local_key() == "postmaster" || address.local_key() == "abuse";
  if (is_role && domain.options.postmaster)
    return Fallback{Expansion::Kind::kPostmaster, *domain.options.postmaster};
  if (domain.options.catch_all) return Fallback{Expansion::Kind::kCatchAll, *domain.options.catch_all};
  return {};
}

/// Walks from alias to alias, breadth first. Each address of ours is followed once, so a loop ends by itself.
class Expander {
 public:
  Expander(DirectoryStore& store, Directory& directory, Expansion::Kind kind)
      : store_(store), directory_(directory) {
    expansion_.kind = kind;
  }

  Task<Result<Resolution>> run(Address start, Found found, std::string tag) {
    seen_.insert(start.to_string());
    const Address named = start;
    PABAL_CO_TRY_VOID(co_await follow({std::move(start), std::move(tag), 0}, std::move(found)));
    while (!waiting_.empty()) {
      Step step = std::move(waiting_.front());
      waiting_.pop_front();
      PABAL_CO_TRY(auto next, co_await look_up(store_, step.address));
      PABAL_CO_TRY_VOID(co_await follow(std::move(step), std::move(next)));
      if (expansion_.local.size() + expansion_.remote.size() > kMaxExpandedRecipients) {
        co_return fail(ErrorKind::kOverLimit, "the address stands for more than {} recipients",
                       kMaxExpandedRecipients);
      }
    }
    // A letter that part of them can't take yet is taken once, later, for all.
    if (met_disabled_domain_) co_return DomainDisabled{};
    if (expansion_.local.empty() && expansion_.remote.empty()) {
      if (expansion_.dead_ends.empty()) expansion_.dead_ends.push_back(named);  // it leads back to itself
      co_return UnknownHere{std::move(expansion_.dead_ends)};
    }
    co_return std::move(expansion_);
  }

 private:
  struct Step {
    Address address;
    std::string tag;  ///< of the address that the letter named: bob+x@ stays that for whom an alias leads to
    std::size_t depth = 0;
  };

  Task<Result<void>> follow(Step step, Found found) {
    if (!found.domain) {
      if (std::ranges::find(expansion_.remote, step.address) == expansion_.remote.end()) {
        expansion_.remote.push_back(std::move(step.address));
      }
      co_return Result<void>{};
    }
    if (!found.domain->options.enabled) {
      met_disabled_domain_ = true;
      co_return Result<void>{};
    }
    if (!found.tag.empty()) step.tag = std::move(found.tag);
    if (!found.name) {
      const auto fallback = find_fallback(*found.domain, step.address);
      if (fallback) {
        push(fallback->target, step);
      } else {
        expansion_.dead_ends.push_back(std::move(step.address));
      }
    } else if (const auto* id = std::get_if<AccountId>(&*found.name)) {
      co_return co_await add_account(*id, std::move(step), *found.domain);
    } else if (const auto* alias = std::get_if<Alias>(&*found.name)) {
      for (const Address& target : alias->targets) push(target, step);
    } else {
      const Group& group = std::get<Group>(*found.name);
      PABAL_CO_TRY_VOID(co_await add_gate(group));
      for (const Address& member : group.members) push(member, step);
    }
    co_return Result<void>{};
  }

  void push(const Address& target, const Step& from) {
    // By its exact text, since remote addresses that differ in case are two; an address of ours in two
    // spellings is followed twice at most, and its recipients are still taken once.
    if (!seen_.insert(target.to_string()).second) return;
    if (from.depth >= kMaxExpansionDepth) {
      expansion_.dead_ends.push_back(target);
    } else {
      waiting_.push_back({target, from.tag, from.depth + 1});
    }
  }

  Task<Result<void>> add_account(AccountId id, Step step, const Domain& domain) {
    if (std::ranges::find(expansion_.local, id, &LocalRecipient::account) != expansion_.local.end()) {
      co_return Result<void>{};
    }
    PABAL_CO_TRY(const auto account, co_await directory_.find_account(id));
    if (!account) {
      expansion_.dead_ends.push_back(std::move(step.address));
      co_return Result<void>{};
    }
    PABAL_CO_TRY(const QuotaLimit quota, co_await directory_.load_quota_limit(*account, domain));
    expansion_.local.push_back({.account = id,
                                .address = std::move(step.address),
                                .tag = std::move(step.tag),
                                .enabled = account->enabled,
                                .quota = quota});
    co_return Result<void>{};
  }

  Task<Result<void>> add_gate(const Group& group) {
    GroupGate gate{.group = group.address, .posting = group.posting, .members = {}};
    if (group.posting == Group::Posting::kMembers) {
      for (const Address& member : group.members) {
        PABAL_CO_TRY(const auto found, co_await look_up(store_, member));
        if (!found.name) continue;
        if (const auto* id = std::get_if<AccountId>(&*found.name)) gate.members.push_back(*id);
      }
    }
    expansion_.gates.push_back(std::move(gate));
    co_return Result<void>{};
  }

  DirectoryStore& store_;
  Directory& directory_;
  Expansion expansion_;
  std::deque<Step> waiting_;
  std::set<std::string> seen_;
  bool met_disabled_domain_ = false;
};

}  // namespace

Task<Result<Resolution>> Directory::resolve(Address address) {
  PABAL_CO_TRY(auto found, co_await look_up(*store_, address));
  if (!found.domain) co_return NotOurDomain{};
  if (!found.domain->options.enabled) co_return DomainDisabled{};

  auto kind = Expansion::Kind::kAlias;
  if (!found.name) {
    const auto fallback = find_fallback(*found.domain, address);
    if (!fallback) co_return UnknownHere{};
    kind = fallback->kind;
  } else if (const auto* id = std::get_if<AccountId>(&*found.name)) {
    PABAL_CO_TRY(const auto account, co_await find_account(*id));
    // Removed between the two reads.
    if (!account) co_return UnknownHere{};
    PABAL_CO_TRY(const QuotaLimit quota, co_await load_quota_limit(*account, *found.domain));
    co_return LocalRecipient{.account = *id,
                             .address = std::move(address),
                             .tag = std::move(found.tag),
                             .enabled = account->enabled,
                             .quota = quota};
  } else if (std::holds_alternative<Group>(*found.name)) {
    kind = Expansion::Kind::kGroup;
  }
  Expander expander(*store_, *this, kind);
  co_return co_await expander.run(std::move(address), std::move(found), "");
}

bool may_post(const GroupGate& gate, std::optional<AccountId> sender) {
  switch (gate.posting) {
    case Group::Posting::kAnyone:
      return true;
    case Group::Posting::kAccounts:
      return sender.has_value();
    case Group::Posting::kMembers:
      return sender && std::ranges::find(gate.members, *sender) != gate.members.end();
    case Group::Posting::kNobody:
      return false;
  }
  return false;
}

}  // namespace pabal::account
