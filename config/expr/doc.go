// Package expr compiles an expression once and evaluates it per object.
//
// The language is HCL's expression language with Terraform's function names. `ad.NAME` is an attribute of the source object, in
// any spelling of its case; `ad["NAME"]` is the same and is accepted for attributes that only the own forest's schema has.
//
// Directories leave attributes out instead of storing empty ones, so a missing value is ordinary and must not end in an error.
// Where HCL would refuse null, dirform has these rules:
//
//   - In a template a null is the empty string: trimspace("${ad.givenName} ${ad.sn}").
//   - A function with a null argument gives null; a predicate (startswith, endswith, contains, has_flag) gives false; functions of
//     lists take null for the empty list (length gives 0, join gives ""). coalesce and try take nulls as they come; coalesce gives
//     null if there is nothing else.
//   - In a condition, and beside !, && and ||, null is false.
//   - A for expression over null gives the empty list, and null[0] is null.
//   - Null elements of a list that becomes an attribute's value are left out.
//
// Comparing null with < or > and calculating with it stays an error for that object.
//
// Strings are normalised to Unicode NFC. A string becomes a number or a boolean only where it is written in the configuration
// itself or converted with tonumber and tobool; numbers and booleans become strings silently.
//
// There are two evaluators. The common constructs are compiled to closures over [state.Value]; an expression with anything else
// in it is evaluated by HCL, on a tree in which the rules above are wrapped around HCL's nodes. A property test holds the two
// together.
package expr
