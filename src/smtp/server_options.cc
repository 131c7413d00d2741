#include "smtp/server_options.h"

namespace pabal::smtp {

ServerOptions ServerOptions::mx(std::string host_name) {
  ServerOptions out;
  out.host_name = std::move(host_name);
  // Lists send a letter in portions of at most a hundred or so; nobody else needs more in one.
  out.limits.max_recipients = 500;
  return out;
}

ServerOptions ServerOptions::submission(std::string host_name) {
  ServerOptions out;
  out.host_name = std::move(host_name);
  out.profile = Profile::kSubmission;
  out.login_mechanisms = {"SCRAM-SHA-256", "PLAIN", "LOGIN"};
  out.login_required = true;
  out.max_hold = std::chrono::days(365);
  return out;
}

ServerOptions ServerOptions::lmtp(std::string host_name) {
  ServerOptions out;
  out.host_name = std::move(host_name);
  out.profile = Profile::kLmtp;
  out.refuse_early_talkers = false;  // a program of our own machine
  out.limits.max_recipients = 5000;
  return out;
}

}  // namespace pabal::smtp
