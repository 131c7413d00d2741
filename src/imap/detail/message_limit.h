// How many letters one command may work on, where the operator sets a bound (MESSAGELIMIT, RFC 9738). FETCH,
// STORE, MOVE and UID EXPUNGE do the last ones, COPY and APPEND none; SEARCH has no need of it.
#pragma once

#include <string>

#include "imap/detail/selected.h"
#include "imap/detail/session.h"

namespace pabal::imap::detail {

struct Limited {
  Positions positions;
  std::string code = {};  ///< for the reply, if these are not all
};
Limited limit_letters(const Session& session, const mailbox::FolderTable& table, Positions positions);
/// Where all must be done or nothing.
Reply too_many_letters(const Session& session, std::string code);

/// The reply with the code; beside it, if it has one of its own (§3.1).
Reply with_limit(Session& session, Reply reply, const std::string& code);

}  // namespace pabal::imap::detail
