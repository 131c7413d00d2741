// Signing in and out, and the list of what is signed in. JSON in and out.
//
//     POST /auth/sign-in   {"name": "alice@crepes.fr", "password": "…"}   sets the cookie; answers as
//     /auth/session
//                          {…, "token": true}                             answers {"token": "…"} and sets no
//                          cookie
//     GET  /auth/session   {"account": "1", "address": "…", "csrf": "…"}
//     POST /auth/sign-out  {}
//     GET  /auth/sessions  {"sessions": [{"id", "client", "peer", "created", "lastUsed", "current"}]}
//     POST /auth/revoke    {"id": "…"}
//     POST /auth/rotate    {}   the same session under a new cookie
#pragma once

#include "http/door.h"
#include "http/handler.h"
#include "http/router.h"

namespace pabal::http {

class SignIn final : public Handler {
 public:
  /// Everything must outlive it.
  SignIn(Door& door, account::Authenticator& authenticator, account::Sessions& sessions)
      : door_(door), authenticator_(authenticator), sessions_(sessions) {}

  void add_to(Router& router);
  net::Task<void> serve(Exchange& exchange) override;

 private:
  net::Task<Response> answer(Exchange& exchange);
  net::Task<Response> sign_in(const Request& request, std::string body);
  net::Task<Response> sign_out(const Request& request);
  net::Task<Response> list(const Caller& caller);
  net::Task<Response> revoke(const Caller& caller, std::string body);
  net::Task<Response> rotate(const Request& request, const Caller& caller);

  Door& door_;
  account::Authenticator& authenticator_;
  account::Sessions& sessions_;
};

}  // namespace pabal::http
