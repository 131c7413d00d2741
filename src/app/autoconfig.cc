#include "app/autoconfig.h"

namespace pabal::app {
namespace {

using http::Method;
using http::Request;
using http::Response;
using http::Status;

constexpr std::string_view kMozillaPaths[] = {"/.well-known/autoconfig/mail/config-v1.1.xml",
                                              "/mail/config-v1.1.xml"};
constexpr std::string_view kOutlookPaths[] = {
    "/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml",
    "/AUTODISCOVER/AUTODISCOVER.XML"};
constexpr std::string_view kApplePath = "/apple.mobileconfig";
/// Outlook's question is 400 bytes.
constexpr std::size_t kMaxQuestionBytes = 16 * 1024;

// Of the address that is asked about, or of the host: autoconfig.crepes.fr is asked about crepes.fr.
std::string domain_of(const Request& request) {
  const auto address = account::Address::parse(request.query_parameter("emailaddress").value_or(""));
  if (address) return address->domain().ascii();
  std::string_view host = request.host_name();
  for (const std::string_view prefix : {"autoconfig.", "autodiscover."}) {
    if (host.starts_with(prefix)) host.remove_prefix(prefix.size());
  }
  return std::string(host);
}

Response xml(std::string text, std::string_view type = "text/xml; charset=utf-8") {
  return {Status::kOk, {{"content-type", type}}, std::move(text)};
}

Response no_address() {
  return http::problem(Status::kBadRequest, "Say for which address: it is missing, or is none.");
}

}  // namespace

std::string_view find_element(std::string_view xml, std::string_view name) {
  const std::string begin = fmt::format("<{}>", name);
  const std::size_t from = xml.find(begin);
  if (from == xml.npos) return {};
  xml.remove_prefix(from + begin.size());
  const std::size_t end = xml.find("</");
  return end == xml.npos ? std::string_view() : xml.substr(0, end);
}

void Autoconfig::add_to(http::Router& router) {
  for (const std::string_view path : kMozillaPaths) router.add(path, {Method::kGet}, *this);
  for (const std::string_view path : kOutlookPaths) router.add(path, {Method::kPost}, *this);
  router.add(kApplePath, {Method::kGet}, *this);
}

net::Task<void> Autoconfig::serve(http::Exchange& exchange) {
  Response response = co_await answer(exchange);
  std::ignore = co_await exchange.respond(std::move(response));
}

net::Task<Response> Autoconfig::answer(http::Exchange& exchange) {
  const Request& request = exchange.request();
  if (request.method == Method::kPost) {
    const auto question = co_await exchange.read_all(kMaxQuestionBytes);
    if (!question) co_return http::problem_for(question.error());
    const auto address = account::Address::parse(find_element(*question, "EMailAddress"));
    if (!address) co_return no_address();
    co_return xml(settings_.outlook_autodiscover(*address));
  }
  if (request.path() != kApplePath) co_return xml(settings_.mozilla_autoconfig(domain_of(request)));
  const auto address = account::Address::parse(request.query_parameter("address").value_or(""));
  if (!address) co_return no_address();
  Response profile = xml(settings_.apple_profile(*address), "application/x-apple-aspen-config");
  profile.fields.add("content-disposition", "attachment; filename=\"mail.mobileconfig\"");
  co_return profile;
}

}  // namespace pabal::app
