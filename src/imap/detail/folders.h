// The folders that a command names, the client's own and those that others share with him. Others' are below
// `Shared/<address>/` (RFC 2342's other users), with the rights that their access control lists give
// (RFC 4314); where he has none, nothing is there.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/detail/session.h"
#include "imap/grammar/write_responses.h"
#include "mailbox/folder.h"
#include "mailbox/shares.h"

namespace pabal::imap::detail {

/// Folders of one account, as this client sees them.
struct Home {
  account::AccountId account = {};
  std::string login = {};   ///< the owner's address
  std::string prefix = {};  ///< of names in it; empty for the client's own
  mailbox::Folders folders = {};
  /// Of others' folders, those that the client subscribed to.
  std::vector<mailbox::FolderId> subscribed = {};

  bool own() const { return prefix.empty(); }
  OtherAccount other() const { return own() ? OtherAccount() : account; }
  bool subscribes(const mailbox::Folder& folder) const {
    return own() ? folder.subscribed : std::ranges::binary_search(subscribed, folder.id);
  }
  mailbox::Rights rights_on(const mailbox::Folder& folder, account::AccountId client) const {
    return own() ? mailbox::Rights::all() : folder.acl.rights_of(client);
  }
};

/// One folder of a list that is kept with it; null if there is none of that name.
struct FoundFolder {
  Home home = {};
  std::string path = {};  ///< of the name that was looked for, in its home
  const mailbox::Folder* folder = nullptr;
  mailbox::Rights rights = {};  ///< the client's

  explicit operator bool() const { return folder != nullptr; }
  const mailbox::Folder* operator->() const { return folder; }
  const mailbox::Folder& operator*() const { return *folder; }
  account::AccountId account() const { return home.account; }
};

/// Looks at what other nodes wrote first, so that a client sees what another of its devices did. What only
/// holds others' folders together is not found.
net::Task<Result<FoundFolder>> find_folder(Session& session, const std::string& path);
/// The same, those that are only there for others' sake too.
net::Task<Result<FoundFolder>> find_any_folder(Session& session, const std::string& path);

/// The client's own folders, and of each who shares any with him, by address. Those who share with him are
/// looked at only if `with_shared`.
net::Task<Result<std::vector<Home>>> find_homes(Session& session, bool with_shared);
mailbox::Shares shares_of(Session& session);

/// Whoever may make, change and delete folders below the nearest that is there above `path` (RFC 4314 §4,
/// CREATE).
mailbox::Rights rights_above(const Session& session, const FoundFolder& found);

/// RFC 4314 §4: any of them lets somebody ask for his rights.
inline constexpr mailbox::Rights kRightsToKnow{mailbox::Right::kLookup,       mailbox::Right::kRead,
                                               mailbox::Right::kInsert,       mailbox::Right::kCreateFolders,
                                               mailbox::Right::kDeleteFolder, mailbox::Right::kAdminister};

StatusValues status_of(const Session& session, const Home& home, const mailbox::Folder& folder);

Reply no_such_folder();
/// What is told of a folder without all of those rights: that one who may not look it up is not there at all.
/// Nothing if it is there and all is well. `code` is for one that is not there.
std::optional<Reply> refusal(const FoundFolder& found, mailbox::Rights needed,
                             std::string_view code = "NONEXISTENT");
Reply no_permission();

}  // namespace pabal::imap::detail
