// SPDX-License-Identifier: MIT
#include "sluice/daemon/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "sluice/mount/words.h"

namespace sluice::daemon {
namespace {

std::unexpected<Error> refuse(std::string line) { return fail(Error{std::move(line), EINVAL}); }

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// `--option=value` without its value.
std::string name_in(const std::string& word) { return word.substr(0, word.find('=')); }

// What no option or argument of `app` took.
Result<Parsed, Error> refuse_leftover(const CLI::App& app, const std::string& word) {
  if (word.size() < 2 || word[0] != '-')
    return refuse("there is an argument too many: `" + word + "`");
  const std::string name = name_in(word);
  return refuse("unknown option `" + name + "`" + suggestion(name, options_of(app)));
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views{known.begin(), known.end()};
  const std::string_view meant = mount::nearest(word, views);
  if (meant.empty()) return {};
  std::string text{"; did you mean `"};
  text += meant;
  return text += "`?";
}

Result<Parsed, Error> parse(CLI::App& app, std::vector<std::string> arguments) {
  app.set_help_flag("-h,--help");
  app.allow_extras();
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return Parsed::help;
  } catch (const CLI::ArgumentMismatch& error) {
    // Its text begins with the option's name.
    const std::string text = error.what();
    return refuse("`" + text.substr(0, text.find(':')) + "` needs a value");
  } catch (const CLI::Error& error) {
    return refuse(error.what());
  }
  auto leftover = app.remaining();
  // CLI11 counts the mark after which all is arguments among what it did not take.
  if (const auto mark = std::ranges::find(leftover, "--"); mark != leftover.end())
    leftover.erase(mark);
  if (leftover.empty()) return Parsed::ok;
  // A misspelt option says more than the value that it leaves behind.
  const auto option = std::ranges::find_if(
      leftover, [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  return refuse_leftover(app, option != leftover.end() ? *option : leftover.front());
}

}  // namespace sluice::daemon
