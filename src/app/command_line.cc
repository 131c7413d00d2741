#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include "app/version.h"
#include "base/cursor.h"
#include "base/utf8.h"

namespace pabal::app {
namespace {

constexpr std::string_view kAbout =
    "Pabal, a complete mail system in one program.\n"
    "Commands talk to the running server, or open the store themselves when none runs.";
constexpr std::string_view kFirstSteps =
    "First steps:\n"
    "  pabal domain add example.org\n"
    "  pabal account add bob@example.org\n"
    "  pabal serve\n"
    "\n"
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 69 no server, 73 can't create, 74 damaged data,\n"
    "75 try again later, 78 faults in the configuration. More: docs/running.md";

std::string to_kebab(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

bool is_list(ParamType type) { return type == ParamType::kTexts || type == ParamType::kAddresses; }

CLI::App* find_subcommand(const CLI::App& app, std::string_view name) {
  const auto found =
      const_cast<CLI::App&>(app).get_subcommands([&](CLI::App* each) { return each->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

// Where the library puts what stood behind a parameter.
struct Slot {
  const Param* param;
  std::string value;
  std::vector<std::string> values;  // of a list
  bool flag = false;
  CLI::Option* option = nullptr;
};

struct Leaf {
  const Method* row;
  CLI::App* app;
  std::deque<Slot> slots;  // the library keeps pointers to them
  bool password_from_stdin = false;
};

// The whole command tree, made for one run of the program.
class Tree {
 public:
  explicit Tree(std::span<const Method> rows) {
    root_.require_subcommand(1);
    root_.set_version_flag("--version", fmt::format("pabal {}", kVersion), "Show the version and end");
    root_.set_help_flag("-h,--help", "Show help, here or for a command");
    root_.add_option("--config", global.config, "The configuration file")->type_name("FILE");
    root_.add_option("--data", global.data, "The data directory")->type_name("DIR");
    root_.add_option("--socket", global.socket, "The control socket of the server")->type_name("PATH");
    root_.add_flag("--json", global.json, "Print JSON, for scripts");
    for (const Method& row : rows) add(row);
    root_.footer(std::string(kFirstSteps));  // last, or every command would inherit it
  }

  CLI::App& root() { return root_; }
  const Leaf* chosen() const {
    for (const Leaf& leaf : leaves_) {
      if (leaf.app->parsed()) return &leaf;
    }
    return nullptr;
  }
  /// The parameter behind an option, if it is one of a row.
  const Param* param_of(const CLI::Option* option) const {
    for (const Leaf& leaf : leaves_) {
      for (const Slot& slot : leaf.slots) {
        if (slot.option == option) return slot.param;
      }
    }
    return nullptr;
  }

  GlobalOptions global;

 private:
  CLI::App* group_for(std::string_view name) {
    CLI::App* app = &root_;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
      const std::string_view group = name.substr(0, dot);
      const std::string word = to_kebab(group.substr(group.rfind('.') + 1));
      CLI::App* next = find_subcommand(*app, word);
      if (!next) {
        next = app->add_subcommand(word, std::string(admin_group_summary(group)));
        next->require_subcommand(1)->fallthrough();
      }
      app = next;
    }
    return app;
  }

  void add(const Method& row) {
    CLI::App* group = group_for(row.name);
    const std::string word = to_kebab(row.name.substr(row.name.rfind('.') + 1));
    if (find_subcommand(*group, word)) return;
    CLI::App* app = group->add_subcommand(word, std::string(row.summary))->fallthrough();
    if (!row.example.empty()) app->footer(fmt::format("Example:\n  pabal {}", row.example));
    Leaf& leaf = leaves_.emplace_back(Leaf{&row, app, {}, false});
    for (const Param& param : row.params) add(leaf, param);
  }

  static void add(Leaf& leaf, const Param& param) {
    const std::string doc(param.doc);
    if (param.type == ParamType::kPassword) {
      // Never an argument: everybody on the machine can read those.
      leaf.app->add_flag("--password-stdin", leaf.password_from_stdin,
                         "Read the password from standard input");
      return;
    }
    Slot& slot = leaf.slots.emplace_back(Slot{&param, {}, {}, false, nullptr});
    const std::string name = to_kebab(param.name);
    if (param.type == ParamType::kFlag) {
      slot.option = leaf.app->add_flag("--" + name, slot.flag, doc);
      return;
    }
    const bool required = param.need == Need::kRequired;
    const std::string shown = required ? std::string(name) : "--" + name;
    if (is_list(param.type)) {
      slot.option = leaf.app->add_option(shown, slot.values, doc);
      // One value each time an option is given, so that it can't swallow the arguments behind it.
      slot.option->expected(1, required ? kMaxListArguments : 1);
      if (!required) slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    } else {
      slot.option = leaf.app->add_option(shown, slot.value, doc);
      slot.option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    }
    slot.option->required(required)->type_name(placeholder(param.type));
    if (!param.choices.empty()) {
      slot.option->check(CLI::IsMember(std::vector<std::string>(param.choices.begin(), param.choices.end())));
    }
  }

  static std::string placeholder(ParamType type) {
    switch (type) {
      case ParamType::kDomain:
        return "DOMAIN";
      case ParamType::kAddress:
      case ParamType::kAddresses:
        return "ADDRESS";
      case ParamType::kSize:
        return "SIZE";
      case ParamType::kNumber:
        return "NUMBER";
      case ParamType::kBool:
        return "true|false";
      case ParamType::kPath:
        return "PATH";
      case ParamType::kText:
      case ParamType::kTexts:
      case ParamType::kFlag:
      case ParamType::kPassword:
        break;
    }
    return "TEXT";
  }

  static constexpr int kMaxListArguments = 1000;

  CLI::App root_{std::string(kAbout), "pabal"};
  std::deque<Leaf> leaves_;
};

Result<Json> to_json(const Param& param, const std::string& text) {
  if (!is_utf8(text)) return fail(ErrorKind::kRefuse, "{} is not valid UTF-8", param.name);
  switch (param.type) {
    case ParamType::kNumber: {
      Cursor cursor(text);
      const auto number = cursor.take_number(INT64_MAX);
      if (!number || !cursor.at_end())
        return fail(ErrorKind::kRefuse, "{} must be a number", to_kebab(param.name));
      return Json(*number);
    }
    case ParamType::kBool:
      if (text == "true" || text == "yes") return Json(true);
      if (text == "false" || text == "no") return Json(false);
      return fail(ErrorKind::kRefuse, "{} must be true or false", to_kebab(param.name));
    case ParamType::kPath:
      return Json(std::filesystem::absolute(text).lexically_normal().string());
    case ParamType::kText:
    case ParamType::kDomain:
    case ParamType::kAddress:
    case ParamType::kSize:
    case ParamType::kFlag:
    case ParamType::kTexts:
    case ParamType::kAddresses:
    case ParamType::kPassword:
      break;
  }
  return Json(text);
}

Result<Json> params_of(const Leaf& leaf) {
  Json params = Json::object({});
  for (const Slot& slot : leaf.slots) {
    if (slot.param->type == ParamType::kFlag) {
      if (slot.flag) params.set(slot.param->name, true);
      continue;
    }
    if (slot.option->count() == 0) continue;
    if (!is_list(slot.param->type)) {
      PABAL_TRY(Json value, to_json(*slot.param, slot.value));
      params.set(slot.param->name, std::move(value));
      continue;
    }
    Json list = Json::array();
    for (const std::string& each : slot.values) {
      PABAL_TRY(Json value, to_json(*slot.param, each));
      list.push(std::move(value));
    }
    params.set(slot.param->name, std::move(list));
  }
  return params;
}

Printout usage_fault(std::string_view fault, const CLI::App& root) {
  const CLI::App* deepest = &root;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  std::string what(fault);
  // For a mistyped command the library only says that one is missing.
  const std::vector<std::string> rest = root.remaining(true);
  const bool is_group = !deepest->get_subcommands([](const CLI::App*) { return true; }).empty();
  if (is_group && !rest.empty())
    what = fmt::format("there is no {} '{}'", rest.front().starts_with('-') ? "option" : "command",
                       rest.front());
  std::string command = deepest->get_name();
  for (const CLI::App* app = deepest->get_parent(); app; app = app->get_parent())
    command = app->get_name() + " " + command;
  return {ExitCode::kUsage, fmt::format("pabal: {}\nSee: {} --help\n", repair_utf8(what), command)};
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

}  // namespace

CommandLine::CommandLine(std::vector<Method> rows) : rows_(std::move(rows)) {}

const Method& CommandLine::row(std::string_view name) const {
  const auto found = std::ranges::find(rows_, name, &Method::name);
  PABAL_CHECK(found != rows_.end());
  return *found;
}

std::expected<Invocation, Printout> CommandLine::parse(std::span<const std::string> args) const {
  Tree tree(rows_);
  try {
    // The library takes them from the back.
    tree.root().parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Printout{ExitCode::kOk, tree.root().help()});
  } catch (const CLI::CallForVersion&) {
    return std::unexpected(Printout{ExitCode::kOk, fmt::format("pabal {}\n", kVersion)});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(usage_fault(error.what(), tree.root()));
  }
  const Leaf* leaf = tree.chosen();
  if (!leaf) return std::unexpected(usage_fault("which command?", tree.root()));
  Result<Json> params = params_of(*leaf);
  if (!params) return std::unexpected(usage_fault(params.error().detail, tree.root()));
  return Invocation{std::move(tree.global), std::string(leaf->row->name), *std::move(params),
                    leaf->password_from_stdin};
}

std::vector<std::string> CommandLine::complete(std::span<const std::string> words) const {
  Tree tree(rows_);
  const CLI::App* app = &tree.root();
  const CLI::Option* expects = nullptr;  // the option whose value comes next
  std::size_t positionals = 0;
  const std::string partial = words.empty() ? "" : words.back();
  const auto find_option = [&](const std::string& word) -> const CLI::Option* {
    for (const CLI::App* from = app; from; from = from->get_parent()) {
      if (const CLI::Option* option = from->get_option_no_throw(word)) return option;
    }
    return nullptr;
  };
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (expects) {
      expects = nullptr;
    } else if (word.starts_with('-')) {
      const CLI::Option* option = find_option(word.substr(0, word.find('=')));
      if (option && takes_value(*option) && word.find('=') == std::string::npos) expects = option;
    } else if (const CLI::App* next = find_subcommand(*app, word)) {
      app = next;
    } else {
      ++positionals;
    }
  }

  std::vector<std::string> offers;
  const auto offer = [&](std::string word) {
    if (word.starts_with(partial)) offers.push_back(std::move(word));
  };
  const auto offer_values = [&](const CLI::Option* option) {
    const Param* param = tree.param_of(option);
    const bool path = param ? param->type == ParamType::kPath : true;  // the global options are all paths
    if (path) offers.push_back(":files");
    if (param) {
      for (const std::string_view choice : param->choices) offer(std::string(choice));
      if (param->type == ParamType::kBool) {
        offer("true");
        offer("false");
      }
    }
  };
  if (expects) {
    offer_values(expects);
    return offers;
  }
  if (partial.starts_with('-')) {
    for (const CLI::App* from = app; from; from = from->get_parent()) {
      for (const CLI::Option* option : from->get_options()) {
        for (const std::string& name : option->get_lnames()) offer("--" + name);
      }
    }
    std::ranges::sort(offers);
    offers.erase(std::unique(offers.begin(), offers.end()), offers.end());
    return offers;
  }
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    offer(sub->get_name());
  std::size_t position = 0;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional() && position++ == positionals) offer_values(option);
  }
  return offers;
}

}  // namespace pabal::app
