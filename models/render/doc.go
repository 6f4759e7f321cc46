// Package render draws heads whose action units are known exactly: ICT-FaceKit's light model (USC Institute for Creative
// Technologies, MIT licence) under the expression, identity, skin, light and view that the caller asks for. The pictures
// serve as test clips and as training material; nothing here runs while a resident is watched.
//
// A [Head] is loaded once. [Head.Figure] prepares one [Person], which takes about 0.3 s; a [Renderer] then draws that figure
// in any number of shots, each some tens of milliseconds. All is plain Go on one core and gives the same bytes every time.
// A Head and a Figure may be shared by goroutines, a Renderer may not.
//
// What the pictures are not: the shapes are sculpted and linear, furrows are painted by rule, hair is a cap, and skin does
// not scatter light. A measure that works on them is not thereby shown to work on people.
package render
