// Package expr compiles an expression once and evaluates it per object.
//
// The language is HCL's expression language with Terraform's function names. `ad.NAME` is an attribute of the source object, in
// any spelling of its case; `ad["NAME"]` is the same and is accepted for attributes that only the own forest's schema has.
//
// Directories leave attributes out instead of storing empty ones, so a missing value is ordinary and must not end in an error.
// Where HCL would refuse null, dirform has these rules:
//
//   - In a template a null is the empty string: trimspace("${ad.givenName} ${ad.sn}").
//   - A function with a null argument gives null, has_flag too; startswith, endswith and contains give false; functions of
//     lists take null for the empty list (length gives 0, join gives ""). coalesce and try take nulls as they come; coalesce gives
//     null if there is nothing else.
//   - == and != take null for a value that equals nothing but null. Comparing null with <, <=, > or >= gives null.
//   - !null is null. && and || give null unless the other side alone decides: false && null is false, true || null is true.
//   - In a condition (c ? a : b, and the if of a for expression) null is false. An expression that says who may sign in is
//     compiled as [Env.Cautious]: there a condition that is null has the whole c ? a : b be null, so that nobody is let in
//     because something could not be read.
//   - A where that is null decides nothing: it ends in [ErrUndecided].
//   - A for expression over null gives the empty list, and null[0] is null.
//   - Null elements of a list that becomes an attribute's value are left out.
//
// Calculating with null is an error for that object. So is every expression that reads an attribute which the source always has
// ([state.Attribute.Always]) where that has no value: it could not be read, and nothing follows from it ([Unread]).
//
// What the directory gives is tidied ([state.Tidy]) before an expression sees it: blanks around a text, and around each of a list,
// are taken off, and what holds nothing else is null. Strings are normalised to Unicode NFC. A string becomes a number or a boolean only where it is written in the configuration
// itself or converted with tonumber and tobool; numbers and booleans become strings silently.
//
// There are two evaluators. The common constructs are compiled to closures over [state.Value]; an expression with anything else
// in it is evaluated by HCL, on a tree in which the rules above are wrapped around HCL's nodes. A property test holds the two
// together.
package expr
