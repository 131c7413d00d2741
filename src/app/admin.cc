#include "app/admin.h"

#include <algorithm>

#include "app/admin/tables.h"
#include "app/units.h"
#include "base/utf8.h"

namespace pabal::app {
namespace {

// What a stranger sent, as far as it helps to see it again.
std::string shown(std::string_view name) { return repair_utf8(utf8_prefix(name, 64)); }

std::string_view expected(ParamType type) {
  switch (type) {
    case ParamType::kText:
    case ParamType::kPath:
    case ParamType::kPassword:
      return "a text";
    case ParamType::kDomain:
      return "a domain";
    case ParamType::kAddress:
      return "an address";
    case ParamType::kSize:
      return "a size, such as \"2 GiB\" or a number of bytes";
    case ParamType::kNumber:
      return "a number";
    case ParamType::kBool:
    case ParamType::kFlag:
      return "true or false";
    case ParamType::kTexts:
      return "a list of texts";
    case ParamType::kAddresses:
      return "a list of addresses";
  }
  return "something else";
}

bool is_texts(const Json& value) {
  const Json::Array* items = value.as_array();
  return items && std::ranges::all_of(*items, [](const Json& item) { return item.as_text() != nullptr; });
}

bool has_type(const Json& value, ParamType type) {
  switch (type) {
    case ParamType::kText:
    case ParamType::kPath:
    case ParamType::kPassword:
    case ParamType::kDomain:
    case ParamType::kAddress:
      return value.as_text() != nullptr;
    case ParamType::kSize:
      return value.as_text() || (value.as_number() && *value.as_number() >= 0);
    case ParamType::kNumber:
      return value.as_number() != nullptr;
    case ParamType::kBool:
    case ParamType::kFlag:
      return value.as_bool() != nullptr;
    case ParamType::kTexts:
    case ParamType::kAddresses:
      return is_texts(value);
  }
  return false;
}

bool is_a_choice(const Param& param, const Json& value) {
  if (param.choices.empty()) return true;
  if (const Json::Array* items = value.as_array()) {
    return std::ranges::all_of(*items, [&](const Json& item) { return is_a_choice(param, item); });
  }
  const std::string* text = value.as_text();
  return text && std::ranges::find(param.choices, *text) != param.choices.end();
}

}  // namespace

Result<Params> check_params(const Method& method, Json values) {
  if (values.is_null()) values = Json::object({});
  const Json::Object* members = values.as_object();
  if (!members) return fail(ErrorKind::kRefuse, "{}: params must be an object", method.name);
  for (const Json::Member& member : *members) {
    const auto param = std::ranges::find(method.params, member.name, &Param::name);
    if (param == method.params.end())
      return fail(ErrorKind::kRefuse, "{} has no parameter '{}'", method.name, shown(member.name));
    if (!has_type(member.value, param->type))
      return fail(ErrorKind::kRefuse, "{}: {} must be {}", method.name, param->name, expected(param->type));
    if (!is_a_choice(*param, member.value))
      return fail(ErrorKind::kRefuse, "{}: {} must be one of: {}", method.name, param->name,
                  fmt::join(param->choices, ", "));
  }
  for (const Param& param : method.params) {
    if (param.need == Need::kRequired && !values.find(param.name))
      return fail(ErrorKind::kRefuse, "{}: {} is missing", method.name, param.name);
  }
  return Params(std::move(values));
}

net::Task<Result<Json>> Admin::execute(std::string method, Json params, Reply& reply) {
  const auto row = std::ranges::find(methods_, method, &Method::name);
  if (row == methods_.end()) co_return fail(ErrorKind::kRefuse, "there is no method '{}'", shown(method));
  PABAL_CO_TRY(const Params checked, check_params(*row, std::move(params)));
  co_return co_await row->handler(services_, checked, reply);
}

const Json* Params::find(std::string_view name) const {
  const Json* value = values_.find(name);
  return value && !value->is_null() ? value : nullptr;
}

bool Params::flag(std::string_view name) const {
  const Json* value = find(name);
  return value && value->as_bool() && *value->as_bool();
}

std::string Params::text(std::string_view name) const { return find_text(name).value_or(""); }

std::optional<std::string> Params::find_text(std::string_view name) const {
  const Json* value = find(name);
  return value && value->as_text() ? std::optional(*value->as_text()) : std::nullopt;
}

std::optional<std::int64_t> Params::find_number(std::string_view name) const {
  const Json* value = find(name);
  return value && value->as_number() ? std::optional(*value->as_number()) : std::nullopt;
}

std::vector<std::string> Params::texts(std::string_view name) const {
  std::vector<std::string> out;
  const Json* value = find(name);
  if (!value || !value->as_array()) return out;
  for (const Json& item : *value->as_array()) out.push_back(*item.as_text());
  return out;
}

Result<account::Address> Params::address(std::string_view name) const {
  return account::Address::parse(text(name));
}

Result<std::vector<account::Address>> Params::addresses(std::string_view name) const {
  std::vector<account::Address> out;
  for (const std::string& each : texts(name)) {
    PABAL_TRY(account::Address address, account::Address::parse(each));
    out.push_back(std::move(address));
  }
  return out;
}

Result<account::DomainName> Params::domain(std::string_view name) const {
  return account::DomainName::parse(text(name));
}

Result<std::uint64_t> Params::size(std::string_view name) const {
  if (const auto number = find_number(name)) return static_cast<std::uint64_t>(*number);
  return parse_size(text(name));
}

}  // namespace pabal::app
