// The commands, by what they are about; table.cc puts them into rows.
#pragma once

#include "pop3/detail/session.h"

namespace pabal::pop3::detail {

// any.cc: at any time
Answer run_capa(Session& session, std::string_view rest);
Answer run_lang(Session& session, std::string_view rest);

// login.cc: AUTHORIZATION
Answer run_user(Session& session, std::string_view rest);
Answer run_pass(Session& session, std::string_view rest);
Answer run_apop(Session& session, std::string_view rest);
Answer run_auth(Session& session, std::string_view rest);
Answer run_stls(Session& session, std::string_view rest);
Answer run_utf8(Session& session, std::string_view rest);

// maildrop.cc: what is there, and what of it is to go
Answer run_stat(Session& session, std::string_view rest);
Answer run_list(Session& session, std::string_view rest);
Answer run_uidl(Session& session, std::string_view rest);
Answer run_dele(Session& session, std::string_view rest);
Answer run_rset(Session& session, std::string_view rest);
Answer run_noop(Session& session, std::string_view rest);
/// The message of that number, or why there is none.
std::expected<Position, Reply> find_message(Session& session, std::uint32_t number);

// retrieve.cc: the letters themselves
Answer run_retr(Session& session, std::string_view rest);
Answer run_top(Session& session, std::string_view rest);

// quit.cc: UPDATE
Answer run_quit(Session& session, std::string_view rest);

}  // namespace pabal::pop3::detail
