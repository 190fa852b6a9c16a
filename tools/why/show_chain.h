// Prints a chain of causes and a tree of effects: text for a person, JSON for a program, Graphviz.
#pragma once

#include <string>
#include <vector>

#include "tools/why/chain.h"
#include "tools/why/effects.h"
#include "tools/why/order_life.h"
#include "tools/why/outcome.h"

namespace reprise::tools {

void show_steps(Terminal& terminal, const std::vector<Step>& steps, const RunNames& names);
void write_steps(Json& out, const std::vector<Step>& steps, const RunNames& names);
std::string steps_dot(const std::vector<Step>& steps, const RunNames& names);

void show_life(Terminal& terminal, const OrderLife& life);
void write_life(Json& out, const OrderLife& life);

void show_effects(Terminal& terminal, const Effects& effects, const RunNames& names);
void write_effects(Json& out, const Effects& effects, const RunNames& names);
std::string effects_dot(const Effects& effects, const RunNames& names);

void show_outcome(Terminal& terminal, const Outcome& outcome, const RunNames& names);
void write_outcome(Json& out, const Outcome& outcome);

}  // namespace reprise::tools
